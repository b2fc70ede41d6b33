/**
 * What our schema asks of each type and field beyond what Pothos does: every type says who may read it and every entry
 * point who may use it, or it does not compile; a field says what it costs where that is not 1.
 */
import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type PothosOutputFieldType,
  type SchemaTypes,
  type TypeParam,
} from "@pothos/core";
import type { GraphQLFieldResolver, GraphQLTypeResolver } from "graphql";
import { AppError, ForbiddenError } from "../api/core/errors.ts";
import { formatInstant } from "../api/core/time.ts";
import { atInstant } from "../api/core/timer.ts";
import { endable } from "../api/live/feed.ts";
import { type Access, beyond, requireAccess, type TypeAccess } from "./access.ts";
import type { Context, OpenContext } from "./context.ts";
import { type Cost, toExtensions } from "./cost.ts";

/** Finds a thing by the id within its type; undefined where the viewer's tenant has none. */
export type LoadNode = (id: string, context: Context) => Promise<object | undefined>;

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rules: RulesPlugin<Types>;
    }

    export interface BuildSchemaOptions<Types extends SchemaTypes> {
      /** The clock that ends streams with their token. */
      now: () => number;
    }

    export interface ObjectTypeOptions<Types extends SchemaTypes, Shape> {
      /** Who may read it, on whatever way it is reached. */
      access: TypeAccess;
      /** Of a Node: how `node` finds one. */
      load?: LoadNode;
    }

    export interface FieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      /** Who may use it; who may read its type where absent. */
      access?: Access;
      /** What it costs; 1, and its selection once, where absent. */
      cost?: Cost<keyof Args & string>;
    }

    export interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: Access;
    }

    export interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      access: Access;
    }

    export interface SubscriptionFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      access: Access;
    }
  }
}

/** What our types and fields say beyond what Pothos knows. */
export type Stated = { access?: TypeAccess; load?: LoadNode; cost?: Cost<string> };
type Resolver = GraphQLFieldResolver<unknown, object, object>;
type TypeResolver = GraphQLTypeResolver<unknown, object>;

class RulesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const { cost } = field.pothosOptions as Stated;
    if (cost === undefined && field.args["first"]) {
      throw new Error(`${field.parentType}.${field.name} gives pages: state its cost, { rows: "first" }.`);
    }
    return cost === undefined ? field : { ...field, extensions: { ...field.extensions, ...toExtensions(cost) } };
  }

  override wrapResolve(resolve: Resolver, field: PothosOutputFieldConfig<Types>): Resolver {
    // A subscription is guarded where it begins.
    if (field.kind === "Subscription") return resolve;
    const needed = this.neededFor(field);
    if (needed.length === 0) return resolve;
    const name = `${field.parentType}.${field.name}`;
    const isAdminAction = field.kind === "Mutation" && (field.pothosOptions as Stated).access === "ADMIN";
    return (parent, args, context, info) => {
      const { viewer, note } = context as Pick<OpenContext, "viewer"> & Partial<Pick<OpenContext, "note">>;
      try {
        for (const access of needed) requireAccess(viewer, access);
      } catch (error) {
        // Below a subscription nobody notes: what is refused there was refused where it began.
        if (!(error instanceof ForbiddenError) || !note) throw error;
        return note("REFUSED", name).then(() => {
          throw error;
        });
      }
      if (isAdminAction && note) return note("ADMIN_ACTION", name).then(() => resolve(parent, args, context, info));
      return resolve(parent, args, context, info);
    };
  }

  /** The stream ends, and says so, when the token, login or key does. Its subscriber gets the signal that it ends by. */
  override wrapSubscribe(subscribe: Resolver | undefined, field: PothosOutputFieldConfig<Types>): Resolver | undefined {
    if (!subscribe) return undefined;
    const needed = this.neededFor(field);
    const { now } = this.options;
    return (parent, args, context, info) => {
      const { viewer, onEnded, resume } = context as OpenContext;
      for (const access of needed) requireAccess(viewer, access);
      const from = resume === undefined || !field.args["after"] ? args : { ...args, after: resume || null };
      const start = (signal: AbortSignal) =>
        subscribe(parent, from, { ...context, signal }, info) as AsyncGenerator<unknown>;
      return endable(start, (end) => {
        if (!viewer) return () => {};
        const at = viewer.expiresAt;
        const stops = [atInstant(at, now, () => end(expired(at))), onEnded(viewer, () => end(ended()))];
        return () => stops.forEach((stop) => stop());
      });
    };
  }

  /** What an interface or a union turns out to be is checked too: `node` gives whatever its id names. */
  override wrapResolveType(resolveType: TypeResolver): TypeResolver {
    return (value, context, info, type) => {
      const check = <Name>(name: Name): Name => {
        if (typeof name === "string") requireAccess((context as OpenContext).viewer, this.accessOf(name) ?? "HOLDER");
        return name;
      };
      const found = resolveType(value, context, info, type);
      return found instanceof Promise ? found.then(check) : check(found);
    };
  }

  private neededFor(field: PothosOutputFieldConfig<Types>): TypeAccess[] {
    const { access } = field.pothosOptions as Stated;
    const given = this.buildCache.getTypeConfig(namedIn(field.type).ref);
    return beyond(this.accessOf(field.parentType), access, this.accessOf(given.name));
  }

  private accessOf(name: string): TypeAccess | undefined {
    return (this.buildCache.getTypeConfig(name).pothosOptions as Stated).access;
  }
}

SchemaBuilder.registerPlugin("rules", RulesPlugin);

/** The type that a list, or a list of lists, is of. */
function namedIn<Types extends SchemaTypes>(type: PothosOutputFieldType<Types>) {
  let named = type;
  while (named.kind === "List") named = named.type;
  return named;
}

function expired(at: number): AppError {
  return new AppError(
    "TOKEN_EXPIRED",
    `The token ended at ${formatInstant(at)}; subscribe again with a new one and the last cursor.`,
  );
}

/** Of a sign-out, another password, a removed account or a revoked key: none of them comes back. */
function ended(): AppError {
  return new AppError(
    "CREDENTIAL_ENDED",
    "The login or key that this was opened with has ended; subscribe again with a new one and the last cursor.",
  );
}
