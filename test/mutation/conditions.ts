/**
 * Faults in the conditions of stores. They are texts for DynamoDB, which StrykerJS knows nothing of: each clause is left out, and
 * each comparison takes its edge in or leaves it out.
 */
export type ConditionFault = { from: number; to: number; text: string; instead: string };

const TEXT = /"([^"\n]*)"|`([^`\n]*)`/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;
const IS_CONDITION = /attribute_(not_)?exists\(|[#\w)] (=|<|>|<=|>=) :/;
/** What changes an item, and keys of queries: DynamoDB takes no other operator there. */
const IS_NONE = /\b(SET|ADD|REMOVE|BETWEEN)\b|begins_with|^pk = :|Shard = :shard|^tenant = :|, /;
const ALWAYS = (clause: string) => `(${clause} OR attribute_not_exists(planted))`;
const NEVER = (clause: string) => `(${clause} AND attribute_exists(planted))`;
const EDGES = [[" < ", " <= "], [" <= ", " < "], [" > ", " >= "], [" >= ", " > "]] as const;

export function conditionFaults(source: string): ConditionFault[] {
  const code = source.replace(COMMENT, (comment) => " ".repeat(comment.length));
  return [...code.matchAll(TEXT)].flatMap((match) => {
    const text = match[0].slice(1, -1);
    if (!IS_CONDITION.test(text) || IS_NONE.test(text)) return [];
    const from = match.index + 1;
    return [...new Set(changesOf(text))].map((instead) => ({ from, to: from + text.length, text, instead }));
  });
}

function changesOf(text: string): string[] {
  const edges = EDGES.flatMap(([is, other]) =>
    [...text.matchAll(new RegExp(is, "g"))].map(({ index }) =>
      text.slice(0, index) + other + text.slice(index + is.length)
    )
  );
  return [
    ...clausesLeftOut(text, " AND ", ALWAYS),
    ...clausesLeftOut(text, " OR ", NEVER),
    ...edges,
  ];
}

/** The text without each of its clauses. What is left out is still named: DynamoDB refuses values that nothing uses. */
function clausesLeftOut(text: string, joint: string, instead: (clause: string) => string): string[] {
  // A part that is put behind another begins with a joint: ` AND mTop = :before`.
  const [, behind = "", own = ""] = /^( ?(?:AND|OR) )?(.*)$/.exec(text)!;
  const clauses = own.split(joint);
  if (joint === " OR " && clauses.length < 2) return [];
  return clauses.flatMap((clause, i) =>
    /[=<>(]/.test(clause) && isBalanced(clause) ? [behind + clauses.with(i, instead(clause)).join(joint)] : []
  );
}

function isBalanced(text: string): boolean {
  const count = (sign: string) => text.split(sign).length;
  return count("(") === count(")") && count("${") === count("}") &&
    count('"') % 2 === 1;
}
