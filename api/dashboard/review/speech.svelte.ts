/** What cards have to say is said by the browser's own voices: when a person presses, or by itself where they chose that. */
const KEY = "sojourn.speaks";

let byItself = $state(localStorage.getItem(KEY) === "yes");

export const speech = {
  isThere: "speechSynthesis" in globalThis,
  get speaksByItself() {
    return byItself;
  },
  set speaksByItself(chosen: boolean) {
    byItself = chosen;
    localStorage.setItem(KEY, chosen ? "yes" : "no");
  },
};

type Said = { text: string | null; language: string | null };

/** Says these one after the other, and nothing else any more. `de_DE` of a card is `de-DE` of a browser. */
export function speak(texts: readonly Said[]): void {
  hush();
  for (const { text, language } of texts) {
    if (!text || !speech.isThere) continue;
    const utterance = new SpeechSynthesisUtterance(text);
    if (language) utterance.lang = language.replace("_", "-");
    speechSynthesis.speak(utterance);
  }
}

export function hush(): void {
  if (speech.isThere) speechSynthesis.cancel();
}
