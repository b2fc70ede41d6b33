/** Text as it is looked for: small letters without accents, and one form of each sign. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
