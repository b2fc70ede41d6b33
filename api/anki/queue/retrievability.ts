/** FSRS's curve: 0.9 after as many days as the stability. Source: open-spaced-repetition/fsrs-rs, src/model.rs. */
export function retrievability(elapsedDays: number, stability: number, decay: number): number {
  return (1 + (0.9 ** (-1 / decay) - 1) * elapsedDays / stability) ** -decay;
}
