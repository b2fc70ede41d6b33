import { readFile, writeFile } from "node:fs/promises";
import { codegen } from "@graphql-codegen/core";
import * as resolversPlugin from "@graphql-codegen/typescript-resolvers";
import * as typescriptPlugin from "@graphql-codegen/typescript";
import { parse } from "graphql";

/** Where resolvers get a value of our own for a type of the contract. */
const mappers = {
  Viewer: "../api/auth/viewer.ts#Viewer as ViewerModel",
  Session: "../api/sessions/model.ts#Session as SessionModel",
  Sensor: "../api/sessions/model.ts#Sensor as SensorModel",
  Playback: "../api/sessions/model.ts#Playback as PlaybackModel",
  Reading: "../api/sessions/model.ts#Reading as ReadingModel",
  SessionConnection: "../api/sessions/model.ts#SessionPage as SessionPageModel",
  SensorConnection: "../api/sessions/model.ts#SensorPage as SensorPageModel",
  ReadingConnection: "../api/sessions/model.ts#ReadingPage as ReadingPageModel",
  Journey: "../api/journeys/model.ts#Journey as JourneyModel",
  JourneyEvent: "../api/journeys/model.ts#JourneyEvent as JourneyEventModel",
  JourneyConnection: "../api/journeys/model.ts#JourneyPage as JourneyPageModel",
  SessionAnalytics: "../api/analytics/model.ts#SessionAnalytics as SessionAnalyticsModel",
  SensorActivity: "../api/analytics/model.ts#SensorActivity as SensorActivityModel",
  JourneyAnalytics: "../api/analytics/model.ts#JourneyAnalytics as JourneyAnalyticsModel",
  Deck: "../api/anki/queue/counts.ts#DeckView as DeckModel",
  Card: "../api/review/service.ts#CardToReview as CardModel",
  ReviewSession: "../api/review/service.ts#ReviewView as ReviewModel",
  ReviewStats: "../api/review/stats.ts#ReviewStats as ReviewStatsModel",
  ReviewDay: "../api/review/stats.ts#ReviewDay as ReviewDayModel",
  Choice: "../api/anki/schedule/question.ts#Choice as ChoiceModel",
  JourneyEventConnection: "../api/journeys/model.ts#JourneyEventPage as JourneyEventPageModel",
};

/** Gives the TypeScript types of the contract's resolvers, as `types.generated.ts` must hold them. */
export async function generateTypes(): Promise<string> {
  const sdl = await readFile(new URL("schema.graphql", import.meta.url), "utf8");
  const body = await codegen({
    documents: [],
    filename: "types.generated.ts",
    schema: parse(sdl),
    config: {},
    plugins: [{ typescript: {} }, { resolvers: {} }],
    pluginMap: {
      typescript: {
        plugin: (schema, documents) => typescriptPlugin.plugin(schema, documents, shared),
      },
      resolvers: {
        plugin: (schema, documents) =>
          resolversPlugin.plugin(schema, documents, {
            ...shared,
            mappers,
            contextType: "./context.ts#Context",
            useIndexSignature: false,
            makeResolverTypeCallable: true,
          }),
      },
    },
  });
  return `// Made from schema.graphql by \`npm run generate\`. Change the contract, not this file.\n${body}`;
}

const shared = {
  useTypeImports: true,
  emitLegacyCommonJSImports: false,
  importExtension: ".ts" as const,
  enumsAsTypes: true,
  skipTypename: false,
  strictScalars: true,
  immutableTypes: true,
  maybeValue: "T | null | undefined",
  inputMaybeValue: "T | null | undefined",
  scalars: {
    ID: "string",
    DateTime: "number",
    Milliseconds: "number",
    TimeZone: "string",
    JSON: "unknown",
  },
};

if (import.meta.main) {
  await writeFile(new URL("types.generated.ts", import.meta.url), await generateTypes());
}
