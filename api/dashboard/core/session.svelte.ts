/** Who is signed in, in this tab only: `sessionStorage` ends with the tab, and nothing of it is ever in a URL. */
const KEY = "sojourn.token";

type Claims = { tenant?: string; sub?: string; exp?: number };

let token = $state(sessionStorage.getItem(KEY) ?? undefined);
let expired = $state(false);
const claims = $derived(token === undefined ? undefined : claimsOf(token));

export const session = {
  get token() {
    return token;
  },
  /** For people; the service alone decides what a token may do. */
  get tenant() {
    return claims?.tenant ?? "";
  },
  get isSignedIn() {
    return token !== undefined;
  },
  /** True where a token ended while somebody worked: the page that asks to sign in says so, and leads back. */
  get hasExpired() {
    return expired;
  },
  headers(): Record<string, string> {
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  },
  signIn(given: string): void {
    token = given.trim().replace(/^Bearer\s+/i, "");
    expired = false;
    sessionStorage.setItem(KEY, token);
  },
  signOut(): void {
    token = undefined;
    expired = false;
    sessionStorage.removeItem(KEY);
  },
  expire(): void {
    if (token === undefined) return;
    session.signOut();
    expired = true;
  },
};

function claimsOf(text: string): Claims {
  try {
    const part = text.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (char) => char.charCodeAt(0)))) as Claims;
  } catch {
    return {};
  }
}
