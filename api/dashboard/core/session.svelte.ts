/** Who is signed in, in this tab only: `sessionStorage` ends with the tab, and nothing of it is ever in a URL. */
const KEY = "sojourn.token";
const REFRESH_KEY = "sojourn.refresh";

/** What a login gives. A token that was pasted has no refresh token, and ends when it ends. */
export type Tokens = { token: string; refreshToken?: string | undefined };

type Claims = { tenant?: string; sub?: string; exp?: number };

let token = $state(sessionStorage.getItem(KEY) ?? undefined);
let refreshToken = sessionStorage.getItem(REFRESH_KEY) ?? undefined;
let expired = $state(false);
/** Another number where somebody else signed in; the same where a token was renewed. */
let login = 0;

// A tab that was duplicated has the same refresh token, which is good once: whoever renews it tells the others.
const others = new BroadcastChannel("sojourn.renewed");
others.onmessage = ({ data }: MessageEvent<{ instead: string; tokens: Tokens }>) => {
  if (refreshToken !== undefined && data.instead === refreshToken) keep(data.tokens);
};

function keep(tokens: Tokens): void {
  token = tokens.token;
  refreshToken = tokens.refreshToken;
  sessionStorage.setItem(KEY, token);
  if (refreshToken === undefined) sessionStorage.removeItem(REFRESH_KEY);
  else sessionStorage.setItem(REFRESH_KEY, refreshToken);
}
const claims = $derived(token === undefined ? undefined : claimsOf(token));

export const session = {
  get token() {
    return token;
  },
  /** For people; the service alone decides what a token may do. */
  get tenant() {
    return claims?.tenant ?? "";
  },
  get refreshToken() {
    return refreshToken;
  },
  get login() {
    return login;
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
  signIn(tokens: Tokens): void {
    keep({ ...tokens, token: tokens.token.trim().replace(/^Bearer\s+/i, "") });
    expired = false;
    login++;
  },
  /** Goes on with the next tokens of the same login. */
  renewed(tokens: Tokens): void {
    others.postMessage({ instead: refreshToken, tokens });
    keep(tokens);
  },
  signOut(): void {
    token = refreshToken = undefined;
    expired = false;
    sessionStorage.removeItem(KEY);
    sessionStorage.removeItem(REFRESH_KEY);
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
