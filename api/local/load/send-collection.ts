import { readFile } from "node:fs/promises";
import { askUntilAnswered, LoadError, type Member, type Target } from "./ask.ts";
import { reading } from "./lines.ts";

const UPLOAD = `mutation { collectionUploadUrl { __typename uploadKey url } }`;
const IMPORT = `mutation ($input: ImportCollectionInput!) { importCollection(input: $input) {
  __typename
  ... on ImportCollectionPayload {
    notes cards reviews deletedNotes changes repairs missingMedia lost { notes cards reviews } decks { name }
  }
  ... on UserError { message }
} }`;

type Upload = Member & { uploadKey: string; url: string };
type Imported = Member & {
  notes: number;
  cards: number;
  reviews: number;
  deletedNotes: number;
  changes: string[];
  repairs: string[];
  missingMedia: string[];
  lost: { notes: number; cards: number; reviews: number };
  decks: { name: string }[];
};

export type CollectionFile = { file: string; replace: boolean; dryRun: boolean };

/** Uploads a collection of Anki's and imports it; gives what there is to tell, line by line. Throws FileFormatError, LoadError. */
export async function sendCollection(
  { file, replace, dryRun }: CollectionFile,
  target: Target,
  onProgress: (step: string) => void,
): Promise<string[]> {
  const bytes = await reading(() => readFile(file));
  const { uploadKey, url } = await askUntilAnswered<Upload>(target, UPLOAD, {});
  onProgress(`uploading ${(bytes.length / 1e6).toFixed(1)} MB`);
  const put = await fetch(url, { method: "PUT", body: bytes });
  if (!put.ok) throw new LoadError(`the upload was refused: HTTP ${put.status}. Run this again: nothing was imported.`);
  onProgress("importing");
  const mode = replace ? "REPLACE" : "MERGE";
  const done = await askUntilAnswered<Imported>(target, IMPORT, { input: { uploadKey, mode, dryRun } });
  if (done.__typename !== "ImportCollectionPayload") throw new LoadError(`The file was not imported: ${done.message}`);
  const { notes, cards, reviews, deletedNotes, lost, decks } = done;
  const lists: [string, readonly string[]][] = [
    ["repaired", done.repairs],
    ["changed", done.changes],
    ["missing media", done.missingMedia],
  ];
  return [
    `${dryRun ? "would bring" : "brought"} notes ${notes}, cards ${cards}, reviews ${reviews}`,
    ...(deletedNotes > 0 ? [`deleted notes ${deletedNotes}`] : []),
    ...(replace ? [`lost notes ${lost.notes}, cards ${lost.cards}, reviews ${lost.reviews}`] : []),
    ...lists.flatMap(([what, all]) => all.map((one) => `  ${what}: ${one}`)),
    `decks: ${decks.map(({ name }) => name).join(", ")}`,
  ];
}
