import { expect, test } from "vitest";
import { ConfigError, parseConfig, variables } from "../../api/config.ts";

/** What people put into a setting by mistake, and what none of them is. */
const ODD = [
  ...["%", "%E0%A4%A", "50%", "a=%zz", "a=b,c=%", "=", "a=", "=b", ",", " ", "\t\n", "\u0000", "\uD800", "…"],
  ...[
    "{",
    "[]",
    "{}",
    "null",
    "[null]",
    '[{"table":1}]',
    '{"a":{}}',
    '{"__proto__":"*"}',
    "constructor",
    "__proto__=1",
  ],
  ...["-1", "1e9", "NaN", "Infinity", "0x10", "99999999999999999999", "1/0", "0/0", "1/", "10/0", "1.5", "TRUE", "yes"],
  ...[
    "https://",
    "http://[::1",
    "ftp://a",
    "//a",
    "https://a b",
    "redis://",
    "*",
    "a.*.*",
    ".",
    "..",
    "x".repeat(10_000),
  ],
];

test.each(Object.keys(variables))("whatever %s holds is taken, or refused by its name", (name) => {
  for (const odd of ODD) {
    try {
      parseConfig({ [name]: odd });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message.split("\n")[1]).toMatch(new RegExp(`^ {2}${name}[=:]`));
    }
  }
});

test("headers for the collector are percent-encoded, and a wrong one is not shown: it is a secret", () => {
  const read = (text: string) =>
    parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_EXPORTER_OTLP_HEADERS: text });
  expect(read("a=b%3D1,c-d=50%25").tracing?.headers).toEqual({ a: "b=1", "c-d": "50%" });
  expect(() => read("a=s3cret%")).toThrow(/OTEL_EXPORTER_OTLP_HEADERS: must hold values in which % is written as %25/);
  expect(() => read("a=s3cret%")).not.toThrow(/s3cret/);
});
