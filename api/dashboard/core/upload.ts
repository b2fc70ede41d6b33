import { type Answer, AskError, asLogin, dataOf } from "./ask.ts";
import type { Document } from "./document.ts";
import { session } from "./session.svelte.ts";

/** Asks once with a large body; `onProgress` gets the part that was sent, 0 to 1. `fetch` cannot say that. Throws AskError. */
export async function askWithProgress<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  onProgress: (part: number) => void,
): Promise<Data> {
  const body = JSON.stringify({ query, variables });
  return dataOf(await asLogin(() => send<Data>(body, onProgress)));
}

/** PUTs a file to a link of the object store, past the service. Throws AskError. */
export async function putFile(url: string, file: Blob, onProgress: (part: number) => void): Promise<void> {
  const { status } = await exchange("PUT", url, {}, file, onProgress);
  if (status < 200 || status > 299) {
    throw new AskError(`The object store answered ${status}. Nothing was changed; send it again.`, "INTERNAL");
  }
}

async function send<Data>(body: string, onProgress: (part: number) => void): Promise<Answer<Data>> {
  const headers = { "content-type": "application/json", accept: "application/json", ...session.headers() };
  const { status, responseText } = await exchange("POST", "/graphql", headers, body, onProgress);
  const answer = parse<Data>(responseText);
  if (answer) return answer;
  throw new AskError(`The service answered ${status} with something else than JSON.`, "INTERNAL");
}

function exchange(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | Blob,
  onProgress: (part: number) => void,
): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.upload.onload = () => onProgress(1);
    request.onerror = () =>
      reject(new AskError("The connection broke. Nothing was changed; send it again.", "UNREACHABLE"));
    request.onload = () => resolve(request);
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
