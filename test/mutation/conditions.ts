/**
 * Faults in the conditions of stores. They are texts for DynamoDB, which StrykerJS knows nothing of: each clause is left out, however
 * deep it stands, each comparison takes its edge in or leaves it out, and what is kept from a first write is not.
 */
export type ConditionFault = { from: number; to: number; text: string; instead: string };

/** A text of the source: where it stands with its quotes, and what it holds; `"a" + "b"` is one. */
type Text = { from: number; to: number; text: string };

const TEXTS = /(?:"[^"\n]*"|`[^`]*`)(?:\s*\+\s*(?:"[^"\n]*"|`[^`]*`))*/g;
const TEXT = /"([^"\n]*)"|`([^`]*)`/g;
const INNER = /\$\{(?:[^{}]|\{[^{}]*\})*\}/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;
const IS_CONDITION = /\b(attribute_(not_)?exists|contains)\(|[\w)}] (=|<|>|<=|>=|<>) :\w/;
/** What changes an item: whole, a part that is put behind another, one attribute. */
const IS_UPDATE = /\b(SET|ADD|REMOVE) |^, |^\w+ = [^)]*, \w+ = |= :(next|ttl|n\$\{minute\})$/;
/** Keys of queries: DynamoDB takes no other operator there, so that their edges alone are planted. */
const IS_KEY = /^(pk|sk|#p) (=|<|>|<=|>=) :|^(tenant|visitorKey) = :(tenant|p)$|Shard = :shard|BETWEEN/;
const KEY_BEFORE = /\bkey\b\W*\{\s*expression:\s*$/;
const BEFORE_CHARACTERS = 60;
const EDGES = [[" < ", " <= "], [" <= ", " < "], [" > ", " >= "], [" >= ", " > "]] as const;
const ALWAYS = (clause: string) => `(${clause} OR attribute_not_exists(planted))`;
const NEVER = (clause: string) => `(${clause} AND attribute_exists(planted))`;

export function conditionFaults(source: string): ConditionFault[] {
  const code = source.replace(COMMENT, (comment) => " ".repeat(comment.length));
  return textsOf(code).flatMap(({ from, to, text }) => {
    const isKey = IS_KEY.test(text) || KEY_BEFORE.test(code.slice(Math.max(0, from - BEFORE_CHARACTERS), from));
    return [...new Set(changesOf(text, isKey))].map((instead) => ({ from, to, text, instead }));
  });
}

/** What stands in the source where a fault is planted. */
export function plantedText({ instead }: Pick<ConditionFault, "instead">): string {
  return `\`${instead}\``;
}

function textsOf(code: string): Text[] {
  return [...code.matchAll(TEXTS)].flatMap(({ 0: all, index }) => {
    const text = [...all.matchAll(TEXT)].map((part) => part[1] ?? part[2]).join("");
    // Texts inside of a template, as `${isNew ? "a = :a" : "attribute_not_exists(a)"}`, are texts of their own.
    const inner = [...all.matchAll(INNER)].flatMap((found) => {
      const at = index + found.index;
      return textsOf(found[0]).map((own) => ({ ...own, from: own.from + at, to: own.to + at }));
    });
    return [{ from: index, to: index + all.length, text }, ...inner];
  });
}

function changesOf(text: string, isKey: boolean): string[] {
  if (IS_UPDATE.test(text)) return onlyFirst(text);
  if (!IS_CONDITION.test(text.replace(INNER, "}"))) return [];
  return isKey ? edgesOf(text) : [...clausesLeftOut(text), ...edgesOf(text)];
}

function edgesOf(text: string): string[] {
  return EDGES.flatMap(([is, other]) =>
    [...text.matchAll(new RegExp(is, "g"))].map(({ index }) =>
      text.slice(0, index) + other + text.slice(index + is.length)
    )
  );
}

/** `if_not_exists(a, :a)` without what is there. */
function onlyFirst(text: string): string[] {
  return [...text.matchAll(/if_not_exists\(([\w#.]+), (:\w+)\)/g)].map(({ 0: all, 1: name, 2: value, index }) =>
    `${text.slice(0, index)}if_not_exists(${name}.planted, ${value})${text.slice(index + all.length)}`
  );
}

/** The text without each of its clauses. What is left out is still named: DynamoDB refuses values that nothing uses. */
function clausesLeftOut(text: string): string[] {
  // A part that is put behind another begins with a joint: ` AND mTop = :before`.
  const [, behind = "", own = ""] = /^( ?(?:AND|OR) )?(.*)$/s.exec(text)!;
  // Where each of several clauses that all have to hold is left out by itself, all of them need not be.
  const isOne = splitAt(own, " AND ").length === 1 || splitAt(own, " OR ").length > 1;
  const whole = behind.includes("OR") ? [NEVER(own)] : isOne ? [ALWAYS(own)] : [];
  return [...whole, ...inside(own)].map((instead) => behind + instead);
}

function inside(own: string): string[] {
  for (const [joint, left] of [[" OR ", NEVER], [" AND ", ALWAYS]] as const) {
    const clauses = splitAt(own, joint);
    if (clauses.length === 1) continue;
    return clauses.flatMap((clause, i) =>
      [left(clause), ...inside(clause)].map((instead) => clauses.with(i, instead).join(joint))
    );
  }
  const [, before = "", inner] = /^(NOT )?\((.*)\)$/s.exec(own) ?? [];
  return inner === undefined ? [] : inside(inner).map((instead) => `${before}(${instead})`);
}

/** The clauses of a text that such a joint joins, outside of all brackets. */
function splitAt(text: string, joint: string): string[] {
  const clauses: string[] = [];
  let [depth, start] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    if ("({".includes(text[i]!)) depth++;
    if (")}".includes(text[i]!)) depth--;
    if (depth > 0 || !text.startsWith(joint, i)) continue;
    clauses.push(text.slice(start, i));
    start = i + joint.length;
  }
  return [...clauses, text.slice(start)];
}
