/** Every way through a schema to every type: what can be asked, taken from the schema itself. */
import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";
import type { TypeAccess } from "../../schema/access.ts";
import type { Stated } from "../../schema/plugin.ts";

type Field = GraphQLField<unknown, unknown>;

/** From a type through a field to the type that it turns out to give. */
export type Hop = { parent: GraphQLObjectType; field: Field; to: GraphQLNamedType };

/** From an entry point to a type, through no type twice. */
export type Walk = { operation: "query" | "mutation" | "subscription"; hops: readonly Hop[] };

export function walksOf(schema: GraphQLSchema): Walk[] {
  const roots = {
    query: schema.getQueryType()!,
    mutation: schema.getMutationType()!,
    subscription: schema.getSubscriptionType()!,
  } as const;
  return Object.entries(roots).flatMap(([operation, root]) =>
    hopsFrom(schema, root, new Set()).map((hops) => ({ operation: operation as Walk["operation"], hops }))
  );
}

function hopsFrom(schema: GraphQLSchema, parent: GraphQLObjectType, seen: ReadonlySet<string>): Hop[][] {
  return Object.values(parent.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (isLeafType(named)) return seen.size === 0 ? [[{ parent, field, to: named }]] : [];
    const found = isAbstractType(named) ? schema.getPossibleTypes(named) : [named as GraphQLObjectType];
    return found.filter(({ name }) => !seen.has(name)).flatMap((to) => {
      const hop = { parent, field, to };
      return [[hop], ...hopsFrom(schema, to, new Set([...seen, to.name])).map((rest) => [hop, ...rest])];
    });
  });
}

export const statedOf = ({ extensions }: { extensions: object }): Stated =>
  (extensions as { pothosOptions?: Stated }).pothosOptions ?? {};

/** What a hop needs, as the field and the type say. */
export function needsOf({ field, to }: Hop): string[] {
  const stated: (TypeAccess | undefined)[] = [
    statedOf(field).access,
    isObjectType(to) ? statedOf(to).access : undefined,
  ];
  return stated.filter((access) => access !== undefined && access !== "HOLDER" && access !== "EVERYBODY");
}

export const nameOf = ({ operation, hops }: Walk): string =>
  `${operation} ${hops.map(({ field, to }) => `${field.name}:${to.name}`).join(" ")}`;

/** What an argument gets: by `Type.field`, then by its name, else a value that its type allows. */
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The document of a walk, which asks for every plain field of the type where it ends. */
export function documentOf(
  { operation, hops }: Walk,
  values: Values,
): { source: string; variables: Record<string, unknown> } {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const call = (parent: string, { name, args }: Field): string => {
    const own = { ...values["*"], ...values[`${parent}.${name}`] };
    const given = args.flatMap((arg) => {
      const value = valueOf(arg, own);
      if (value === undefined) return [];
      const variable = `v${declared.length}`;
      declared.push(`$${variable}: ${String(arg.type)}`);
      variables[variable] = value;
      return [`${arg.name}: $${variable}`];
    });
    return given.length > 0 ? `${name}(${given.join(", ")})` : name;
  };
  const selectionFrom = (index: number): string => {
    const hop = hops[index];
    if (!hop) return leavesOf(hops.at(-1)!.to, call);
    const below = isLeafType(hop.to) ? "" : ` { __typename ${within(hop, selectionFrom(index + 1))} }`;
    return `${call(hop.parent.name, hop.field)}${below}`;
  };
  const body = selectionFrom(0);
  return { source: `${operation}${declared.length > 0 ? ` (${declared.join(", ")})` : ""} { ${body} }`, variables };
}

const within = ({ field, to }: Hop, selection: string): string =>
  isAbstractType(getNamedType(field.type)) ? `... on ${to.name} { ${selection} }` : selection;

/** Plain fields, and those that can be asked without arguments that something else must say. */
function leavesOf(type: GraphQLNamedType, call: (parent: string, field: Field) => string): string {
  if (!isObjectType(type)) return "";
  const plain = Object.values(type.getFields()).filter((field) => isLeafType(getNamedType(field.type)));
  return ["__typename", ...plain.map((field) => call(type.name, field))].join(" ");
}

function valueOf(arg: GraphQLArgument, own: Readonly<Record<string, unknown>>): unknown {
  if (arg.name in own) return own[arg.name];
  return isRequiredArgument(arg) ? plainValue(arg.type) : undefined;
}

/** Some value of a type: enough to be let in, not to find anything. */
export function plainValue(type: GraphQLInputType): unknown {
  const inner = getNullableType(type);
  if (isListType(inner)) return [plainValue(inner.ofType)];
  if (isEnumType(inner)) return inner.getValues()[0]!.name;
  if (isInputObjectType(inner)) {
    const fields = Object.values(inner.getFields());
    const needed = inner.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return Object.fromEntries(needed.map((field) => [field.name, plainValue(field.type)]));
  }
  const plain: Record<string, unknown> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: "2026-01-31T12:00:00.000Z",
    Milliseconds: 1_000,
    TimeZone: "UTC",
    JSON: {},
  };
  return plain[String(inner)] ?? "x";
}

/** All values of a result that a walk's first `count` hops lead to; nulls are left out. */
export function reached(data: unknown, { hops }: Walk, count: number): unknown[] {
  let values: unknown[] = [data];
  for (const { field, to } of hops.slice(0, count)) {
    values = values
      .map((value) => (value as Record<string, unknown> | null)?.[field.name])
      .flat(2)
      .filter((value) => value !== null && value !== undefined)
      .filter((value) => isLeafType(to) || (value as { __typename: string }).__typename === to.name);
  }
  return values;
}
