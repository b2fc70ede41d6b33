import { AskError } from "./ask.ts";
import type { Document } from "./document.ts";
import { session } from "./session.svelte.ts";

/** Asks once with a large body; `onProgress` gets the part that was sent, 0 to 1. `fetch` cannot say that. Throws AskError. */
export function askWithProgress<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  onProgress: (part: number) => void,
): Promise<Data> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/graphql");
    const headers = { "content-type": "application/json", accept: "application/json", ...session.headers() };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.upload.onload = () => onProgress(1);
    request.onerror = () =>
      reject(new AskError("The connection broke. Nothing was changed; send it again.", "UNREACHABLE"));
    request.onload = () => {
      const answer = parse<Data>(request.responseText);
      const error = answer?.errors?.[0];
      const code = error?.extensions?.code ?? "INTERNAL";
      if (code === "UNAUTHENTICATED" || code === "TOKEN_EXPIRED") session.expire();
      if (answer?.data && !error) resolve(answer.data);
      else reject(new AskError(error?.message ?? `The service answered ${request.status}.`, code));
    };
    request.send(JSON.stringify({ query, variables }));
  });
}

function parse<Data>(
  text: string,
): { data?: Data; errors?: { message: string; extensions?: { code?: string } }[] } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
