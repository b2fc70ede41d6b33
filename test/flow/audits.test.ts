import { serverAudits } from "graphql-http";
import { afterAll, expect, test } from "vitest";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const http = createHttp(createTinyApp().app);
const audits = serverAudits({
  url: "http://localhost/graphql",
  fetchFn: (url: string, init: RequestInit) => http.fetch(new Request(url, init)),
});
const counts = { ok: 0, warn: 0, notice: 0, error: 0 };

for (const audit of audits) {
  test(`GraphQL over HTTP ${audit.id}: ${audit.name}`, async () => {
    const result = await audit.fn();
    counts[result.status] += 1;
    expect(result).toMatchObject({ status: "ok" });
  });
}

afterAll(() => console.log(`graphql-http audits: ${audits.length}, ${JSON.stringify(counts)}`));
