import { createSynthKit } from "./synth.ts";

// oxlint-disable-next-line no-explicit-any
export type Loose = Record<string, any>;
export type StageStack = ReturnType<typeof synthStage>;
export type PolicyStatement = { Sid?: string; Effect: string; Action: string | string[]; Resource: string | string[] };

/** The stack of a deployment with this environment, to be asked for its parts. */
export function synthStage(env: Record<string, string>) {
  const kit = createSynthKit();
  try {
    const { resource, output } = kit.synth(env);
    /** The resources of a type, by their id in the stack. */
    const all = (type: string) => (resource[type] ?? {}) as Record<string, Loose>;
    /** The one resource of a type, or the one with this id. */
    const one = (type: string, id?: string): Loose => {
      const found = Object.entries(all(type)).filter(([name]) => id === undefined || name === id);
      if (found.length !== 1) {
        throw new Error(`${found.length} of ${type} ${id ?? ""}: ${Object.keys(all(type)).join()}`);
      }
      return found[0]![1];
    };
    /** The statements of a role's policy. */
    const statements = (role: string) =>
      (JSON.parse(one("aws_iam_role_policy", `role-${role}-policy`).policy) as { Statement: PolicyStatement[] })
        .Statement;
    return {
      all,
      one,
      statements,
      resources: resource as Record<string, Record<string, Loose>>,
      outputs: (output ?? {}) as Record<string, Loose>,
    };
  } finally {
    kit.remove();
  }
}
