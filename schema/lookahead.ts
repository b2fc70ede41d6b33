import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";

/** Whether a field with one of these names is selected somewhere below: what costs a read of its own is done only then. */
export function selects({ fieldNodes, fragments }: GraphQLResolveInfo, names: ReadonlySet<string>): boolean {
  const seen = new Set<string>();
  const isIn = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((node) => {
      if (node.kind === Kind.FIELD) return names.has(node.name.value) || isIn(node.selectionSet);
      if (node.kind === Kind.INLINE_FRAGMENT) return isIn(node.selectionSet);
      if (seen.has(node.name.value)) return false;
      seen.add(node.name.value);
      return isIn(fragments[node.name.value]?.selectionSet);
    }) ?? false;
  return fieldNodes.some(({ selectionSet }) => isIn(selectionSet));
}
