import { describe, expect, test } from "vitest";
import { stagesFrom } from "../../infra/stages.ts";
import { FIXED, WORDS } from "../kit/aws-words.ts";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";

/**
 * AWS refuses a name or a description that holds what it does not take, and says so when half of the stack is made: Terraform's
 * provider looks at few of them. Said for the longest prefix that there may be.
 */
const LONGEST = `a${"b2".repeat(15)}`;
const IS_WORD = /(^|_)(name|description|comment|family|bucket|statement_id)$/;

/** Every word of ours in a stack, by its type and attribute. What is put together by Terraform has a part of ours in it or none. */
function wordsOf(env: Record<string, string>): [string, string][] {
  const kit = createSynthKit();
  const found: [string, string][] = [];
  const walk = (at: string, key: string, value: unknown): void => {
    if (Array.isArray(value)) return value.forEach((one) => walk(`${at}[]`, key, one));
    if (value !== null && typeof value === "object") {
      return Object.entries(value).forEach(([name, one]) => walk(`${at}.${name}`, name, one));
    }
    if (typeof value === "string" && IS_WORD.test(key) && !value.includes("${")) found.push([at, value]);
  };
  try {
    for (const [type, byId] of Object.entries(kit.synth(env).resource)) {
      for (const one of Object.values(byId)) walk(type.replace("aws_", ""), "", one);
    }
  } finally {
    kit.remove();
  }
  return found.filter(([at]) => !FIXED.some((pattern) => pattern.test(at)));
}

describe("every name and description is one that AWS takes", () => {
  test.each(Object.keys(SWITCHES) as (keyof typeof SWITCHES)[])("%s", (name) => {
    const words = wordsOf({ ...SWITCHES[name], NAME_PREFIX: LONGEST });
    expect(words.length).toBeGreaterThan(10);
    expect(words.filter(([at]) => !(at in WORDS)).map(([at]) => at)).toEqual([]);
    expect(words.filter(([at, word]) => !WORDS[at]!.test(word))).toEqual([]);
  });
});

test.each(["sg-acme", "internal-acme", "xn--acme", "sthree-acme", "amzn-s3-demo-acme", "acme--eu", "acme-"])(
  "the prefix %s is refused before anything is made: AWS would not take a name that begins or ends so",
  (prefix) => {
    expect(() => stagesFrom({ NAME_PREFIX: prefix })).toThrow(/NAME_PREFIX=.*: AWS takes no/);
    expect(() => stagesFrom({ NAME_PREFIX: "acme-sg-internal" })).not.toThrow();
  },
);
