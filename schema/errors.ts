/** Expected failures of mutations: members of their result unions. */
import type { ObjectFieldsShape, ObjectRef } from "@pothos/core";
import { type InvalidField as InvalidFieldModel, InvalidInputError as InvalidInput } from "../api/core/errors.ts";
import { builder } from "./builder.ts";

const ErrorCode = builder.enumType("ErrorCode", {
  description: "The kinds of expected failure.",
  values: {
    INVALID_INPUT: { description: "A field of the input is wrong; nothing was done." },
    NOT_FOUND: { description: "There is no such thing in this tenant." },
    VERSION_CONFLICT: { description: "Somebody changed it since; look again and repeat." },
    NAME_TAKEN: { description: "The name belongs to somebody else." },
    BAD_CREDENTIALS: { description: "The username or the password is wrong; which of them is not told." },
    SESSION_ENDED: { description: "The session is over." },
    PAYLOAD_MISMATCH: { description: "The same identity came before with other content." },
    REVIEW_HELD: { description: "The collection is under review elsewhere." },
    REVIEW_LOST: { description: "The review session no longer holds the collection." },
    COLLECTION_UNREADABLE: { description: "The file is no Anki collection, or is damaged." },
    TOO_LARGE: { description: "What was sent is over a limit." },
  },
});

type Code = typeof ErrorCode.$inferType;
type Types = typeof builder.$inferSchemaTypes;

/** How a failure is given by what finds it. */
export type UserErrorModel<Name extends string = string, C extends Code = Code> = {
  __typename: Name;
  code: C;
  message: string;
};

const UserError = builder.interfaceRef<UserErrorModel>("UserError").implement({
  description: "An expected failure. Clients that know no more select `... on UserError { code message }`.",
  fields: (t) => ({
    code: t.expose("code", { type: ErrorCode, description: "Stable; for programs." }),
    message: t.exposeString("message", {
      description: "What failed, with the value, the limit and what to do next. Holds no secret.",
    }),
  }),
});

/** A type of failure with its code, what its message says, and what else it tells. */
export function errorType<Model extends UserErrorModel>(
  name: Model["__typename"],
  { description, code, message, fields }: {
    description: string;
    code: Model["code"];
    message: string;
    fields?: ObjectFieldsShape<Types, Model>;
  },
): ObjectRef<Types, Model> {
  const type = builder.objectRef<UserErrorModel>(name).implement({
    description,
    access: "HOLDER",
    interfaces: [UserError],
    fields: (t) => ({
      code: t.field({ type: ErrorCode, description: `${code}.`, resolve: (error) => error.code }),
      message: t.string({ description: message, resolve: (error) => error.message }),
    }),
  }) as unknown as ObjectRef<Types, Model>;
  if (fields) builder.objectFields(type, fields);
  return type;
}

const InvalidField = builder.objectRef<InvalidFieldModel>("InvalidField").implement({
  description: "One wrong field.",
  access: "HOLDER",
  fields: (t) => ({
    path: t.exposeStringList("path", { description: "Where it is inside `input`." }),
    message: t.exposeString("message", { description: "What is wrong, with the limit and the value." }),
  }),
});

type InvalidInputModel = UserErrorModel<"InvalidInputError", "INVALID_INPUT"> & {
  fields: readonly InvalidFieldModel[];
};

export const InvalidInputError = errorType<InvalidInputModel>("InvalidInputError", {
  description: "The input is wrong and nothing was done.",
  code: "INVALID_INPUT",
  message: "All wrong fields in one sentence.",
  fields: (t) => ({
    fields: t.expose("fields", {
      type: [InvalidField],
      description: "The path of each wrong field inside `input`, with what is wrong with it.",
    }),
  }),
});

type NotFoundModel = UserErrorModel<"NotFoundError", "NOT_FOUND">;

export const NotFoundError = errorType<NotFoundModel>("NotFoundError", {
  description: "There is no such thing in this tenant.",
  code: "NOT_FOUND",
  message: "What was looked for.",
});

export function notFound(message: string): NotFoundModel {
  return { __typename: "NotFoundError", code: "NOT_FOUND", message };
}

export function invalidInput({ message, fields }: InvalidInput): InvalidInputModel {
  return { __typename: "InvalidInputError", code: "INVALID_INPUT", message, fields };
}

/** The result of `call`; an input that it refuses becomes the member of the result union that says so. */
export async function orInvalid<T>(call: () => T | Promise<T>): Promise<T | InvalidInputModel> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return invalidInput(error);
  }
}
