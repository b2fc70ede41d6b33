import type { Http } from "../../api/entry/http/fetch.ts";

export type Answer = {
  status: number;
  headers: Headers;
  body: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions: Record<string, unknown>; path?: unknown[] }[];
  };
};

/** Sends a GraphQL request through `fetch` and reads the answer. */
export async function post(
  http: Http,
  query: string,
  { variables, headers }: { variables?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await http.fetch(
    new Request("http://localhost/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query, variables }),
    }),
  );
  return { status: response.status, headers: response.headers, body: await response.json() as Answer["body"] };
}
