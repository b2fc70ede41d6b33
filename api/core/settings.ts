import * as v from "valibot";

/** The text of a setting is wrong. The message says what it must be. */
export class SettingError extends Error {
  override name = "SettingError";
}

/** Makes the reader of a setting's text by a schema. It throws SettingError with the message of the first thing wrong. */
export function setting<T>(schema: v.GenericSchema<string, T>): (text: string) => T {
  return (text) => {
    const result = v.safeParse(schema, text);
    if (result.success) return result.output;
    throw new SettingError(result.issues[0].message);
  };
}

export function oneOf<const T extends readonly string[]>(...choices: T): (text: string) => T[number] {
  return setting(v.pipe(v.string(), v.picklist(choices, `must be one of ${choices.join(", ")}`)));
}

export const onOff: (text: string) => boolean = setting(
  v.pipe(v.string(), v.picklist(["on", "off"], "must be one of on, off"), v.transform((text) => text === "on")),
);

export function whole(min: number, max: number): (text: string) => number {
  const message = `must be a whole number from ${min} to ${max}`;
  const digits = v.pipe(v.string(), v.regex(/^\d+$/, message), v.transform(Number));
  return setting(v.pipe(digits, v.minValue(min, message), v.maxValue(max, message)));
}

export function matching(pattern: RegExp, message: string): (text: string) => string {
  return setting(v.pipe(v.string(), v.regex(pattern, message)));
}

/** The same reader, which gives undefined for an empty text. */
export function optional<T>(read: (text: string) => T): (text: string) => T | undefined {
  return (text) => (text === "" ? undefined : read(text));
}
