import { ask } from "../core/ask.ts";
import type { Document } from "../core/document.ts";

/**
 * Asks for changes of a collection, each under an id. What is asked for keeps its id until the service has answered it: the answer may
 * have got lost after the change was kept, and pressing again must not make it twice. Gives the answer, with the id that takes it back.
 */
export function createEdits() {
  const unanswered = new Map<string, string>();
  return async <Data, Variables extends { input: { editId: string | number } }>(
    mutation: Document<Data, Variables>,
    input: Omit<Variables["input"], "editId">,
  ): Promise<Data & { editId: string }> => {
    const asked = JSON.stringify([mutation, input]);
    const editId = unanswered.get(asked) ?? crypto.randomUUID();
    unanswered.set(asked, editId);
    const data = await ask(mutation, { input: { ...input, editId } } as Variables);
    unanswered.delete(asked);
    return { ...data, editId };
  };
}
