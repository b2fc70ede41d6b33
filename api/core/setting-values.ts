/** How the text of a setting becomes a value. Each throws SettingError, which says what the text must be. */
import * as valibot from "valibot";
import { SettingError } from "./settings.ts";

export const text = (text: string) => text;
export const list = (text: string) => text.split(",").map((part) => part.trim()).filter(Boolean);
/** Such as `600/60`: so many in so many seconds. `off` counts nothing. */
export function rate(text: string): { points: number; seconds: number } | undefined {
  if (text === "off") return undefined;
  const [, points, seconds] = /^(\d{1,9})\/(\d{1,6})$/.exec(text) ?? [];
  if (Number(points) >= 1 && Number(seconds) >= 1) return { points: Number(points), seconds: Number(seconds) };
  throw new SettingError("must be COUNT/SECONDS such as 600/60, or off");
}

export function url(text: string): string | undefined {
  if (text === "") return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SettingError("must be an http or https URL");
  }
  return text;
}

export function ratio(text: string): number {
  if (/^(0(\.\d+)?|1(\.0+)?)$/.test(text)) return Number(text);
  throw new SettingError("must be a number from 0 to 1, such as 0.05");
}

export function headers(text: string): Record<string, string> {
  return Object.fromEntries(
    list(text).map((part) => {
      const [, name, value] = /^([A-Za-z0-9-]+)=(.+)$/.exec(part) ?? [];
      if (name === undefined) throw new SettingError("must hold headers as name=value, parted by commas");
      return [name, decoded(value!)];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not which: it is a secret.
    throw new SettingError(
      "must hold values in which % is written as %25: they are percent-encoded, as OpenTelemetry has it",
    );
  }
}

export function urls(text: string): string[] {
  return list(text).map((part) => url(part)!);
}

export function atLeastOne(text: string): [string, ...string[]] {
  const [first, ...rest] = list(text);
  if (first === undefined) throw new SettingError("must name at least one");
  return [first, ...rest];
}

const WORDS = valibot.record(valibot.string(), valibot.string());

/** Such as `{"Journeys.Read": "journeys:read", "Admins": "*"}`; auth knows the words. */
export function words(text: string): Record<string, string> {
  if (text === "") return {};
  try {
    return valibot.parse(WORDS, JSON.parse(text));
  } catch {
    throw new SettingError('must be a JSON object of words such as {"Journeys.Read":"journeys:read","Admins":"*"}');
  }
}

/** Origins as browsers send them: scheme, host and port, and nothing after. */
export function origins(text: string): string[] {
  return list(text).map((given) => {
    if (given === "*") {
      throw new SettingError("must name each origin, such as https://app.example.com; `*` would let in every page");
    }
    const origin = /^https?:\/\//i.test(given) && URL.canParse(given) ? new URL(given).origin : undefined;
    if (origin === undefined) {
      throw new SettingError(`must hold origins such as https://app.example.com; ${given} is none`);
    }
    if (origin !== given) {
      throw new SettingError(`must hold origins without slash or path: ${origin} in place of ${given}`);
    }
    return given;
  });
}

export function redisUrl(text: string): string | undefined {
  if (text === "") return undefined;
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) && new URL(text).hostname !== "") return text;
  throw new SettingError("must be a redis or rediss URL: redis://HOST:6379");
}

/** Such as `acme=arn:aws:sns:eu-central-1:123456789012:acme-alerts`. A FIFO topic asks for what a webhook has not. */
export function topicGrants(text: string): { arn: string; tenantId: string | undefined }[] {
  return list(text).map((part) => {
    const [, tenantId, arn] = /^(?:(.+)=)?(arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256})$/.exec(part) ?? [];
    if (arn !== undefined) return { arn, tenantId };
    throw new SettingError(
      `must hold ARNs of standard SNS topics, each for every tenant or as TENANT=ARN for one; ${part} is none`,
    );
  });
}
