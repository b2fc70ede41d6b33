import { scrypt, type ScryptOptions, timingSafeEqual } from "node:crypto";
import { UnavailableError } from "../../core/errors.ts";
import { createGauge } from "../../rates/counters.ts";

/** How much work one hash is: memory is 128 * 2^logN * r bytes. */
export type ScryptCost = { logN: number; r: number; p: number };

/** Does the work: the hash of a password with a salt. */
export type Derive = (password: string, salt: Uint8Array, cost: ScryptCost) => Promise<Uint8Array>;

/**
 * 128 MiB and about 0.3 seconds. From OWASP's Password Storage Cheat Sheet, "scrypt":
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
export const PASSWORD_COST: ScryptCost = { logN: 17, r: 8, p: 1 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Two hashes hold 256 MiB. Those that wait behind them take about three seconds. */
const AT_ONCE = 2;
const MAX_WAITING = 20;
/** Of one address, so that who sends many keeps nobody else from logging in. */
const MAX_WAITING_OF_ONE = 4;

const ENCODED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

export type Passwords = ReturnType<typeof createPasswords>;

/**
 * Hashes and checks passwords. Both throw UnavailableError where too many wait already. A hash holds its own cost, so
 * that `cost` can be raised later while older hashes still hold.
 */
export function createPasswords(
  { random, cost = PASSWORD_COST, derive = deriveByScrypt }: {
    random: (bytes: number) => Uint8Array;
    cost?: ScryptCost;
    derive?: Derive;
  },
) {
  const inTurn = createTurns(AT_ONCE, MAX_WAITING, MAX_WAITING_OF_ONE);
  const deriveInTurn = (password: string, salt: Uint8Array, cost: ScryptCost, address: string) =>
    inTurn(address, () => derive(password.normalize("NFKC"), salt, cost));

  async function hash(password: string, address = "unknown"): Promise<string> {
    const salt = random(SALT_BYTES);
    return encode({ ...cost, salt, hash: await deriveInTurn(password, salt, cost, address) });
  }

  return {
    /** The password as `$scrypt$ln=17,r=8,p=1$SALT$HASH` with a new salt. */
    hash,

    /** True where `encoded` was made of this password. Without `encoded` it is false, for the same work. */
    async verify(password: string, encoded: string | undefined, address = "unknown"): Promise<boolean> {
      if (encoded === undefined) return hash(password, address).then(() => false);
      const expected = decode(encoded);
      return timingSafeEqual(await deriveInTurn(password, expected.salt, expected, address), expected.hash);
    },
  };
}

/**
 * Runs at most `atOnce` tasks together; up to `maxWaiting` more wait their turn, `maxOfOne` of them for one address. The
 * rest is refused.
 */
function createTurns(atOnce: number, maxWaiting: number, maxOfOne: number) {
  const waiting: (() => void)[] = [];
  const waitingOf = createGauge({ what: "passwords to check from this address", max: maxOfOne });
  let running = 0;
  return async <T>(address: string, task: () => Promise<T>): Promise<T> => {
    if (running < atOnce) running++;
    else if (waiting.length < maxWaiting) {
      const left = address === "unknown" ? () => {} : waitingOf.open(address);
      await new Promise<void>((resolve) => waiting.push(resolve));
      left();
    } else throw new UnavailableError("Checking passwords (too many at once)");
    try {
      return await task();
    } finally {
      // Whoever is next takes over this one's place, so `running` stays as it is.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

export function deriveByScrypt(password: string, salt: Uint8Array, { logN, r, p }: ScryptCost): Promise<Uint8Array> {
  const options: ScryptOptions = { N: 2 ** logN, r, p, maxmem: 2 * 128 * 2 ** logN * r };
  return new Promise((resolve, reject) =>
    scrypt(password, salt, HASH_BYTES, options, (error, key) => error ? reject(error) : resolve(key))
  );
}

type Decoded = ScryptCost & { salt: Uint8Array; hash: Uint8Array };

function encode({ logN, r, p, salt, hash }: Decoded): string {
  return `$scrypt$ln=${logN},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

function decode(encoded: string): Decoded {
  const [, logN, r, p, salt, hash] = ENCODED.exec(encoded) ?? [];
  if (!hash) throw new TypeError("A stored password hash is not in the form $scrypt$ln=…,r=…,p=…$SALT$HASH.");
  return {
    logN: Number(logN),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt!, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
