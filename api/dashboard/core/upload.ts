import { AskError, dataOf, hasEnded, renew } from "./ask.ts";
import type { Document } from "./document.ts";
import { session } from "./session.svelte.ts";

type Answer<Data> = { data?: Data; errors?: { message: string; extensions?: { code?: string } }[] };

/** Asks once with a large body; `onProgress` gets the part that was sent, 0 to 1. `fetch` cannot say that. Throws AskError. */
export async function askWithProgress<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  onProgress: (part: number) => void,
): Promise<Data> {
  const body = JSON.stringify({ query, variables });
  let answer = await send<Data>(body, onProgress);
  if (hasEnded(answer) && await renew()) answer = await send<Data>(body, onProgress);
  if (hasEnded(answer)) session.expire();
  return dataOf(answer);
}

function send<Data>(body: string, onProgress: (part: number) => void): Promise<Answer<Data>> {
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
      if (answer) resolve(answer);
      else reject(new AskError(`The service answered ${request.status} with something else than JSON.`, "INTERNAL"));
    };
    request.send(body);
  });
}

function parse<Data>(text: string): Answer<Data> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
