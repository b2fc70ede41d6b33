import type { Expression, Item } from "../aws/dynamo.ts";

/** How expressions name an attribute; the same few dozen with every write. */
const tokens = new Map<string, { name: string; value: string; set: string }>();

/** Sets each attribute to its value, or removes it where that is undefined; `more` are further settings, as text. */
export function changeOf(attributes: Item, more: readonly string[] = []) {
  const [sets, removed]: [string[], string[]] = [[], []];
  const names: Record<string, string> = {};
  const values: Item = {};
  for (const [attribute, given] of Object.entries(attributes)) {
    const { name, value, set } = tokensOf(attribute);
    names[name] = attribute;
    if (given === undefined) {
      removed.push(name);
    } else {
      sets.push(set);
      values[value] = given;
    }
  }
  const removes = removed.length > 0 ? ` REMOVE ${removed.join(", ")}` : "";
  return { expression: `SET ${[...sets, ...more].join(", ")}${removes}`, names, values } satisfies Expression;
}

function tokensOf(attribute: string) {
  const known = tokens.get(attribute);
  if (known) return known;
  const [name, value] = [`#${attribute}`, `:${attribute}`];
  const made = { name, value, set: `${name} = ${value}` };
  tokens.set(attribute, made);
  return made;
}
