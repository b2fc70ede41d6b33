import { tmpdir } from "node:os";
import type { Dynamo } from "../aws/dynamo.ts";
import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { Hub } from "../live/hub.ts";
import { createCopies } from "./copies.ts";
import { createWorkers, type Workers } from "../anki/work/pool.ts";
import { createRender } from "../anki/work/render.ts";
import { createTempFiles } from "../anki/file/temp.ts";
import type { Person } from "./model.ts";
import { createBrowse } from "./browse.ts";
import { createMedia } from "./media.ts";
import { createDeleteCollection } from "./delete.ts";
import { createChanges } from "./changes.ts";
import { createEdits } from "./edits.ts";
import { createRewrite } from "./rewrite.ts";
import { createStudying } from "./studying.ts";
import { createDesk } from "./desk.ts";
import { createSlices } from "./slices.ts";
import { createSaver } from "./save.ts";
import { createReviews, reviewKey } from "./service.ts";
import { createLeaseStore } from "./store.ts";
import { createReviewSweep } from "./sweep.ts";
import { createTransfer } from "./transfer.ts";
import { createImportNotes } from "./notes-import.ts";
import { createUploads } from "./uploads.ts";
import { createOptimizePreset } from "./optimizing.ts";
import { createReader } from "./reader.ts";
import { createReviewWatch } from "./watch.ts";

export type ReviewOptions = {
  dynamo: Dynamo;
  table: string;
  objects: Objects;
  /** Copies of collections that this process keeps. */
  cacheBytes: number;
  hub: Hub;
  clock: Clock;
  ids: Ids;
  /** Threads that are shared with others, who end them. */
  sharedWorkers?: Workers;
  /** How often those who watch a session look where nothing wakes them. */
  pollMs?: number | undefined;
};

/** Threads for what strangers made; none is started before it is needed. */
const WORKERS = 2;

/** Puts the review of collections together. */
export function createReview(
  { dynamo, table, objects, cacheBytes, hub, clock, ids, sharedWorkers, pollMs }: ReviewOptions,
) {
  const store = createLeaseStore(dynamo, table);
  const files = createTempFiles({ dir: tmpdir() });
  const workers = sharedWorkers ?? createWorkers({ size: WORKERS, folder: files.folder });
  const copies = createCopies({ files, objects, maxBytes: cacheBytes });
  const changed = (person: Person) => hub.wake(reviewKey(person));
  const slices = createSlices();
  const desk = createDesk({ store, copies, slices, clock });
  const saver = createSaver({ store, copies, objects, clock, ids, changed, saved: desk.leaveSlice });
  const readAll = createReader({ copies, workers });
  const reviews = createReviews({
    store,
    copies,
    desk,
    saver,
    hub,
    clock,
    ids,
    render: createRender(workers),
    readAll,
  });
  const { rewrite, dryRun } = createRewrite({ store, copies, objects, workers, clock, ids });
  const changes = createChanges({ store, copies, desk, saver, rewrite, files, objects, clock, ids, changed });
  const uploads = createUploads({ objects, clock, ids });
  return {
    reviews,
    deleteCollection: createDeleteCollection({ store, objects, clock, changed }),
    browse: createBrowse({ store, copies, clock, readAll }),
    media: createMedia({ store, objects, clock, ids, readAll, changed }),
    edits: createEdits({ changes, clock, ids }),
    optimizePreset: createOptimizePreset({ changes, copies, workers, clock }),
    importNotes: createImportNotes({ changes, rewrite: { dryRun }, uploads, clock, ids }),
    studying: createStudying({ changes, readAll, clock }),
    transfer: createTransfer({ store, copies, objects, clock, ids, changed, workers, uploads }),
    watch: createReviewWatch({ reviews, hub, pollMs }),
    sweep: createReviewSweep({ store, saver, clock, changed }),
    /** Closes and removes every copy. */
    close() {
      if (!sharedWorkers) workers.close();
      copies.close();
      slices.close();
      files.closeAll();
    },
  };
}
