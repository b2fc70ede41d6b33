import {
  buildASTSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  parse,
} from "graphql";

/** By type, then by field; names with `__` set what the type itself does, such as `__parseValue` and `__resolveType`. */
export type ResolverMap = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The schema of an SDL with these resolvers. Throws where one of them belongs to nothing in it. The SDL is taken to be
 * valid, which tests check: checking at each start would take as long as all else.
 */
export function attachResolvers(sdl: string, resolvers: ResolverMap): GraphQLSchema {
  const schema = buildASTSchema(parse(sdl, { noLocation: true }), { assumeValidSDL: true, assumeValid: true });
  for (const [typeName, own] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (!type) throw new Error(`There is no type ${typeName} for its resolvers.`);
    for (const [name, resolver] of Object.entries(own)) attach(type, name, resolver);
  }
  return schema;
}

function attach(type: GraphQLNamedType, name: string, resolver: unknown): void {
  if (name.startsWith("__")) {
    Object.assign(type, { [name.slice(2)]: resolver });
    return;
  }
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
  if (!field) throw new Error(`There is no field ${type.name}.${name} for its resolver.`);
  // A subscription has two: `subscribe` and `resolve`.
  Object.assign(field, typeof resolver === "function" ? { resolve: resolver } : resolver);
}
