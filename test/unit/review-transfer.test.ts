import { expect, test } from "vitest";
import { TooLargeError } from "../../api/anki/file/errors.ts";
import { createTransfer, type TransferOptions } from "../../api/review/transfer.ts";
import { createUploads } from "../../api/review/uploads.ts";

const MB = 1_048_576;

test("an upload over the limit is refused before it is read, by its field, the limit and what to do", async () => {
  const asked: string[] = [];
  const objects = {
    findBytes: (key: string) => {
      asked.push(key);
      return Promise.resolve(600 * MB);
    },
  };
  const uploads = createUploads({ objects } as unknown as Parameters<typeof createUploads>[0]);
  const transfer = createTransfer({ objects, uploads } as unknown as TransferOptions);
  const refused = transfer.importCollection({ tenantId: "t", userId: "u" }, { uploadKey: "key" });
  await expect(refused).rejects.toThrow(TooLargeError);
  await expect(refused).rejects.toThrow(/`uploadKey`.*600 MB.*512 MB.*without media, or deck by deck/);
  expect(asked).toEqual(["uploads/t/dQ/key"]);
});
