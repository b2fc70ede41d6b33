import type { Scope, Viewer } from "../api/auth/viewer.ts";
import { scopeWord } from "../api/auth/viewer.ts";
import { ForbiddenError, UnauthenticatedError } from "../api/core/errors.ts";

/** Who may use a field: everybody, whoever is signed in, or whose token has the scope. */
export type Access = "EVERYBODY" | "SIGNED_IN" | Scope;

/**
 * Who may read a type: as above, or whoever was given the thing that holds it. A page's place in its list is the
 * holder's; a session needs SESSIONS_READ, also where the payload of a mutation holds it.
 */
export type TypeAccess = Access | "HOLDER";

/** Throws where the viewer may not. Another tenant is not a question here: services only ever get the viewer's own. */
export function requireAccess(viewer: Pick<Viewer, "scopes"> | undefined, access: TypeAccess): void {
  if (access === "EVERYBODY" || access === "HOLDER") return;
  if (!viewer) {
    throw new UnauthenticatedError("This needs a token: send the header `Authorization: Bearer TOKEN`.");
  }
  if (access === "SIGNED_IN" || viewer.scopes.includes(access)) return;
  throw new ForbiddenError(`This needs the scope ${scopeWord(access)}; ask for a token that has it.`);
}

/**
 * What a field needs beyond what its reader has shown already by reading the parent: what the field itself states, and
 * what the type that it gives states. Within one scope that is nothing, so nothing is checked for each row.
 */
export function beyond(parent: TypeAccess | undefined, ...stated: readonly (TypeAccess | undefined)[]): TypeAccess[] {
  const needed = new Set(stated.filter((access) => access !== undefined && access !== parent));
  needed.delete("HOLDER");
  needed.delete("EVERYBODY");
  // Each scope belongs to somebody who is signed in.
  if (needed.size > 1) needed.delete("SIGNED_IN");
  return [...needed] as TypeAccess[];
}
