/** 48 random bits as eight letters: no two page loads of a session are taken for one. */
export function randomText(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(6)))).replace(/\W/g, "_");
}
