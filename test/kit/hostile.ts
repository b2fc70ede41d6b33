/** What a client may send to waste our time: small to make, and wrong in every way that costs. */
export type Hostile = { name: string; body: string; headers?: Record<string, string> };

const times = (n: number, make: (i: number) => string, by = " ") =>
  Array.from({ length: n }, (_, i) => make(i)).join(by);
const nodes = "query ($i: [ID!]!) { nodes(ids: $i) { id } }";
const journeys = "query ($f: JourneyFilter) { journeys(filter: $f) { nodes { sessionId } } }";
const events =
  "mutation ($i: RecordEventsInput!) { recordEvents(input: $i) { ... on RecordEventsPayload { accepted } } }";

/** A body with variables as raw JSON text, so that texts need not be valid. */
const raw = (query: string, variables: string) => `{"query":${JSON.stringify(query)},"variables":${variables}}`;
const query = (text: string) => JSON.stringify({ query: text });
const fill = (bytes: number, text: string) => text.repeat(Math.max(1, Math.floor(bytes / text.length)));

/** Bodies of about so many bytes each. */
export function hostileBodies(bytes: number): Hostile[] {
  const list = (item: string) => `{"i":[${fill(bytes, `${item},`).slice(0, -1)}]}`;
  const count = (each: number) => Math.floor(bytes / each);
  return [
    { name: "a list of empty objects for ids", body: raw(nodes, list("{}")) },
    { name: "a list of lists for ids", body: raw(nodes, list("[]")) },
    { name: "a list of nulls for ids", body: raw(nodes, list("null")) },
    { name: "a list of ids", body: raw(nodes, list('"a"')) },
    {
      name: "a list of wrong enums",
      body: raw(events, `{"i":{"events":[${fill(bytes, '{"type":"X"},').slice(0, -1)}]}}`),
    },
    {
      name: "a list of wrong dates",
      body: raw(events, `{"i":{"events":[${fill(bytes, '{"occurredAt":"x"},').slice(0, -1)}]}}`),
    },
    {
      name: "an object with unknown fields",
      body: raw(journeys, `{"f":{${times(count(12), (i) => `"a${i}":1`, ",")}}}`),
    },
    { name: "a field with a long unknown name", body: raw(journeys, `{"f":{"${fill(bytes, "a")}":1}}`) },
    {
      name: "a long text for a number",
      body: raw("query ($n: Int) { journeys(first: $n) { nodes { sessionId } } }", `{"n":"${fill(bytes, "a")}"}`),
    },
    {
      name: "a long enum",
      body: raw("query ($s: MetricSource!) { metrics(sources: [$s]) { source } }", `{"s":"${fill(bytes, "A")}"}`),
    },
    { name: "brackets that never close", body: `{"query":"{a}","variables":${fill(bytes, "[")}` },
    { name: "brackets that close", body: raw("{a}", `{"a":${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}}`) },
    {
      name: "objects in objects",
      body: raw("{a}", `${fill(bytes / 2, '{"a":')}1${"}".repeat(Math.floor(bytes / 2 / 5))}`),
    },
    { name: "a text of escapes", body: `{"query":"${fill(bytes, "\\\\")}"}` },
    { name: "a text of escapes that does not end", body: `{"query":"${fill(bytes, '\\"')}` },
    { name: "a text of surrogates", body: `{"query":"${fill(bytes, "\\ud800")}"}` },
    { name: "one long name in the document", body: query(`{ ${fill(bytes, "a")} }`) },
    { name: "one long comment", body: query(`{ viewer { tenantId } } #${fill(bytes, "a")}`) },
    { name: "one long text in the document", body: query(`{ node(id: "${fill(bytes, "a")}") { id } }`) },
    { name: "one long block text", body: query(`{ node(id: """${fill(bytes, "\n a")}""") { id } }`) },
    { name: "commas", body: query(`{ ${fill(bytes, ",")} }`) },
    { name: "the same field again and again", body: query(`{ ${fill(bytes, "viewer ")} }`) },
    {
      name: "the same field with children again and again",
      body: query(`{ ${times(200, () => "viewer { tenantId userId scopes }")} }`),
    },
    { name: "unknown fields", body: query(`{ ${times(Math.min(900, count(8)), (i) => `a${i}`)} }`) },
    {
      name: "unknown arguments",
      body: query(`{ viewer(${times(Math.min(600, count(8)), (i) => `a${i}: 1`)}) { tenantId } }`),
    },
    {
      name: "unknown types of variables",
      body: query(`query (${times(Math.min(500, count(8)), (i) => `$a${i}: A${i}`)}) { viewer { tenantId } }`),
    },
    {
      name: "unused variables",
      body: query(`query (${times(Math.min(600, count(10)), (i) => `$a${i}: ID`)}) { viewer { tenantId } }`),
    },
    { name: "unknown directives", body: query(`{ viewer ${times(45, (i) => `@a${i}`)} { tenantId } }`) },
    { name: "many directives", body: query(`{ viewer ${fill(bytes, "@skip(if: false) ")} { tenantId } }`) },
    { name: "unknown fragments", body: query(`{ ${times(Math.min(900, count(8)), (i) => `...A${i}`)} }`) },
    {
      name: "unused fragments",
      body: query(
        `{ viewer { tenantId } } ${times(Math.min(200, count(40)), (i) => `fragment A${i} on Viewer { tenantId }`)}`,
      ),
    },
    {
      name: "fragments in a circle",
      body: query(`{ ...A0 } ${times(150, (i) => `fragment A${i} on Query { ...A${(i + 1) % 150} }`)}`),
    },
    {
      name: "fragments that double",
      body: query(
        `{ ...A0 } ${
          times(100, (i) => `fragment A${i} on Query { ...A${i + 1} ...A${i + 1} }`)
        } fragment A100 on Query { __typename }`,
      ),
    },
    {
      name: "fragments that each spread all others",
      body: query(
        `{ ...A0 } ${
          times(
            30,
            (i) => `fragment A${i} on Query { ${times(29 - i, (j) => `...A${i + j + 1}`)} viewer { tenantId } }`,
          )
        }`,
      ),
    },
    { name: "deep fields", body: query(`${"{ viewer ".repeat(600)}${"}".repeat(600)}`) },
    { name: "a deep list in the document", body: query(`{ node(id: ${"[".repeat(900)}${"]".repeat(900)}) { id } }`) },
    {
      name: "a deep object in the document",
      body: query(`{ journeys(filter: ${"{a: ".repeat(400)}1${"}".repeat(400)}) { nodes { sessionId } } }`),
    },
    {
      name: "a deep type of a variable",
      body: query(`query ($a: ${"[".repeat(900)}ID${"]".repeat(900)}) { viewer { tenantId } }`),
    },
    {
      name: "introspection in a circle",
      body: query(
        `{ __schema { types { fields { type { ${"fields { type { ".repeat(8)} name ${"} }".repeat(8)} } } } } }`,
      ),
    },
    { name: "what it may have meant", body: query(`{ node(id: "${fill(bytes, " Did you mean ")}") { idd } }`) },
    {
      name: "many operations",
      body: query(times(Math.min(400, count(20)), (i) => `query A${i} { viewer { tenantId } }`)),
    },
    {
      name: "many aliases",
      body: query(`{ ${times(Math.min(600, count(10)), (i) => `a${i}: viewer { tenantId }`)} }`),
    },
    {
      name: "conflicting fields",
      body: query(`{ ${times(190, (i) => `viewer { x: ${i % 2 ? "tenantId" : "userId"} }`)} }`),
    },
    {
      name: "a long operation name",
      body: JSON.stringify({ query: "{ viewer { tenantId } }", operationName: fill(bytes, "a") }),
    },
    {
      name: "a long persisted hash",
      body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: fill(bytes, "a") } } }),
    },
    { name: "extensions beyond measure", body: `{"query":"{a}","extensions":{"a":${list("{}").slice(5, -1)}}}` },
    { name: "many keys", body: `{"query":"{ viewer { tenantId } }",${times(count(10), (i) => `"k${i}":0`, ",")}}` },
    {
      name: "the same key again and again",
      body: `{"query":"{ viewer { tenantId } }",${fill(bytes, '"k":0,').slice(0, -1)}}`,
    },
    { name: "numbers of many digits", body: raw("{a}", `{"a":${fill(bytes, "9")}}`) },
    { name: "a batch", body: `[${fill(bytes, '{"query":"{a}"},').slice(0, -1)}]` },
    { name: "no JSON", body: fill(bytes, "\u0001") },
    {
      name: "accept without end",
      body: query("{ viewer { tenantId } }"),
      headers: { accept: fill(Math.min(bytes, 15_000), "a/b;q=0.1,") },
    },
    {
      name: "a content type without end",
      body: "{}",
      headers: { "content-type": `application/json; ${fill(Math.min(bytes, 15_000), "charset =")}` },
    },
  ];
}
