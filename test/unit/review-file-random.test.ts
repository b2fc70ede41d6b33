import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc } from "../kit/property.ts";
import { afterAll, describe, expect, test } from "vitest";
import { AppError } from "../../api/core/errors.ts";
import { checkInvariants, openChecked } from "../../api/anki/file/check.ts";
import { exportCollection } from "../../api/anki/file/export.ts";
import { importInto } from "../../api/anki/file/import.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { sampleContent, schema11 } from "../kit/anki-file.ts";
import { sampleSchema18 } from "../kit/anki-file-18.ts";

const dir = mkdtempSync(join(tmpdir(), "sojourn-test-"));
const files = createTempFiles({ dir });
const NOW = 1_700_000_000_000;
afterAll(() => {
  files.closeAll();
  rmSync(dir, { recursive: true });
});

const open = (bytes: Uint8Array) => openChecked(files, bytes, { now: NOW });

describe("bytes changed at random", () => {
  const whole = schema11(sampleContent(2));
  // Without bias: fast-check likes small numbers, and those are all in the header.
  const flip = fc.noBias(fc.tuple(fc.nat(), fc.nat(255)));
  const cut = fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() });

  /** How often what was given could be read; each time it was merged and exported as well. */
  function readableOf(bytes: Buffer, numRuns: number): number {
    let readable = 0;
    const into = importInto(undefined, open(whole), { now: NOW });
    const openBefore = files.openCount();
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), cut, (flips, length) => {
        const wrong = Buffer.from(bytes);
        for (const [at, value] of flips) wrong[at % bytes.length] = value;
        const given = length === undefined ? wrong : wrong.subarray(0, length % bytes.length);
        const before = Buffer.from(given);
        try {
          const checked = open(given);
          try {
            checkInvariants(checked.file.db);
            const merged = importInto(into, checked, { now: NOW });
            exportCollection(merged.file);
            merged.file.close();
            readable++;
          } finally {
            checked.file.close();
          }
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.code).toBe("COLLECTION_UNREADABLE");
        }
        expect(given.equals(before)).toBe(true);
        expect(files.openCount()).toBe(openBefore);
      }),
      { numRuns },
    );
    files.closeAll();
    return readable;
  }

  test.each([
    ["schema 11, small pages", schema11(sampleContent(40), 1024), 60],
    ["schema 11", schema11(sampleContent(4)), 40],
    ["schema 18", sampleSchema18(), 40],
  ])("never crash: %s is whole, or refused by name, and what was given stays", (_, bytes, numRuns) => {
    const readable = readableOf(bytes, numRuns);
    expect(readable).toBeGreaterThan(0);
    expect(readable).toBeLessThan(numRuns);
  });
});
