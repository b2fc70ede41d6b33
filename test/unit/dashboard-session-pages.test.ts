import { readFileSync } from "node:fs";
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from "graphql";
import { describe, expect, test } from "vitest";
import { draftOf, inputOf } from "../../api/dashboard/sessions/annotating.ts";
import { isLater, isOvertaken } from "../../api/dashboard/sessions/rows.ts";
import { fc } from "../kit/property.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const state = (seconds: number, version: number) => (
  { updatedAt: new Date(NOW + seconds * 1_000).toISOString(), version }
);

describe("the page of a session", () => {
  test("is told by its feed of all that it shows, so that nobody edits what has changed unseen", () => {
    const { definitions } = parse(readFileSync("api/dashboard/sessions/queries.graphql", "utf8"));
    const fragments = new Map(
      definitions.filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
        .map((one) => [one.name.value, one]),
    );
    const fieldsOf = ({ selections }: SelectionSetNode): string[] =>
      selections.flatMap((one) => {
        if (one.kind === Kind.FRAGMENT_SPREAD) return fieldsOf(fragments.get(one.name.value)!.selectionSet);
        if (one.kind !== Kind.FIELD) return [];
        const inner = one.selectionSet ? fieldsOf(one.selectionSet).map((name) => `${one.name.value}.${name}`) : [];
        return [one.name.value, ...inner];
      });
    const askedBy = (name: string) => {
      const operation = definitions.find((one): one is OperationDefinitionNode =>
        one.kind === Kind.OPERATION_DEFINITION && one.name?.value === name
      )!;
      const [root] = operation.selectionSet.selections;
      return fieldsOf((root as { selectionSet: SelectionSetNode }).selectionSet);
    };
    expect(askedBy("SessionPageFollow").toSorted()).toEqual(["cursor", ...askedBy("SessionPage")].toSorted());
    const ofRows = askedBy("SessionList").flatMap((name) => /^nodes\.(.*)/.exec(name)?.[1] ?? []);
    expect(askedBy("SessionFollow")).toEqual(expect.arrayContaining(ofRows));
  });

  test("takes nothing that was read before a save, whichever comes first, and all that devices wrote since", () => {
    expect(isLater(state(0, 1), undefined)).toBe(true);
    // What people write moves the version, and not when devices wrote last.
    expect([isLater(state(0, 1), state(0, 2)), isOvertaken(state(0, 1), state(0, 2))]).toEqual([false, true]);
    expect([isLater(state(0, 2), state(0, 1)), isOvertaken(state(0, 2), state(0, 1))]).toEqual([true, false]);
    expect([isLater(state(0, 2), state(0, 2)), isOvertaken(state(0, 2), state(0, 2))]).toEqual([true, false]);
    expect([isLater(state(-1, 1), state(0, 2)), isOvertaken(state(-1, 1), state(0, 2))]).toEqual([false, true]);
    // Erased and begun again by its device.
    expect([isLater(state(1, 1), state(0, 2)), isOvertaken(state(1, 1), state(0, 2))]).toEqual([true, false]);
    // A feed is in order by itself, also where the clocks of two writers differ.
    expect([isLater(state(-1, 2), state(0, 2)), isOvertaken(state(-1, 2), state(0, 2))]).toEqual([false, false]);
  });
});

describe("what somebody types of labels and notes", () => {
  const saved = (typed: Partial<ReturnType<typeof draftOf>>, session = {}) => {
    const of = { labels: ["a,b", " d "], notes: "was" as string | null, pinned: false, version: 3, ...session };
    return inputOf({ ...draftOf(of), ...typed }, "s");
  };
  const SEEN = { sessionId: "s", expectedVersion: 3 };

  test("says only what they changed, so that theirs holds where they left it", () => {
    expect(saved({})).toEqual(SEEN);
    expect(saved({ notes: "mine" })).toEqual({ ...SEEN, notes: "mine" });
    expect(saved({ notes: "" })).toEqual({ ...SEEN, notes: "" });
    expect(saved({ pinned: true })).toEqual({ ...SEEN, pinned: true });
    expect(saved({ notes: "" }, { notes: null })).toEqual(SEEN);
    expect(saved({ labels: "" })).toEqual({ ...SEEN, labels: [] });
    expect(saved({ labels: "x\n\n  \nx\ny z" })).toEqual({ ...SEEN, labels: ["x", "y z"] });
  });

  test("leaves every label as it was that they did not touch, whatever it holds", () => {
    const label = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom("a", "b", ",", " ", "ü", ";") });
    fc.assert(fc.property(fc.uniqueArray(label, { minLength: 1, maxLength: 6 }), (labels) => {
      const { labels: text } = draftOf({ labels, notes: null, pinned: false, version: 1 });
      expect(saved({ labels: `${text}\nnew` }, { labels }).labels).toEqual([...labels, "new"]);
    }));
  });
});
