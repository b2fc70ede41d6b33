/** A part of an address, or the name of a file, as people read it; as it stands where it is none that was encoded, such as `50%`. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
