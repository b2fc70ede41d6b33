/** A body of functions has 6 MB at most: so much of a file in base64. */
const FUNCTION_BYTES = 4 * 1_048_576;
/** What `importCollection` takes in base64. */
const INLINE_BYTES = 32 * 1_048_576;

/**
 * How a file goes: in the request itself; by a link of the object store, which where functions serve lets this page in
 * (`infra/edge-headers.ts`, `infra/objects.ts`); or not from a page.
 */
export function wayOf(bytes: number, isServedByFunctions: boolean): "inline" | "link" | "none" {
  if (isServedByFunctions) return bytes <= FUNCTION_BYTES ? "inline" : "link";
  return bytes <= INLINE_BYTES ? "inline" : "none";
}
