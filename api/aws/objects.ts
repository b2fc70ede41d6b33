import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AppError } from "../core/errors.ts";
import { pages } from "../core/page.ts";
import { nameOf, translating } from "./faults.ts";

/** `etag` names the content: what a replacement's condition compares. */
export type StoredObject = { body: Uint8Array; metadata: Record<string, string>; etag: string };
export type ListedObject = { key: string; modifiedAt: number; bytes: number; etag: string };
export type PutOptions = { contentType: string; contentEncoding?: string; metadata?: Record<string, string> };

export type Objects = ReturnType<typeof createObjects>;

/** One bucket of the object store. */
export function createObjects(client: S3Client, bucket: string) {
  const run = <T>(call: () => Promise<T>) => translating("S3", call);

  return {
    /** Writes an object where the key is free. Gives `exists`, and changes nothing, where it is taken. */
    create: (key: string, body: Uint8Array, options: PutOptions): Promise<"created" | "exists"> =>
      run(async () => {
        for (let attempt = 0;; attempt++) {
          try {
            await client.send(
              new PutObjectCommand({ ...putInput(bucket, key, body, options), IfNoneMatch: "*" }),
            );
            return "created";
          } catch (error) {
            if (statusOf(error) === 412) return "exists";
            // Two creations of one key at once: S3 answers 409 to the one that lost, and asks to try again.
            if (statusOf(error) !== 409 || attempt === 5) throw error;
          }
        }
      }),

    /** Writes an object, replacing what is there. */
    replace: (key: string, body: Uint8Array, options: PutOptions): Promise<void> =>
      run(async () => void await client.send(new PutObjectCommand(putInput(bucket, key, body, options)))),

    /** Replaces an object if it still has this `etag`; false, and nothing is changed, where it has not. */
    replaceIf: (key: string, body: Uint8Array, options: PutOptions, etag: string): Promise<boolean> =>
      run(async () => {
        try {
          await client.send(new PutObjectCommand({ ...putInput(bucket, key, body, options), IfMatch: etag }));
          return true;
        } catch (error) {
          if ([409, 412].includes(statusOf(error) ?? 0)) return false;
          throw error;
        }
      }),

    find: (key: string): Promise<StoredObject | undefined> =>
      run(() =>
        undefinedWhereMissing(async () => {
          const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          return {
            body: await got.Body!.transformToByteArray(),
            metadata: got.Metadata ?? {},
            etag: got.ETag ?? "",
          };
        })
      ),

    get(key: string): Promise<StoredObject> {
      return this.find(key).then((object) => {
        if (!object) throw new AppError("INTERNAL", `the object ${key} is gone`);
        return object;
      });
    },

    /** The metadata of an object, without its body. */
    findMetadata: (key: string): Promise<Record<string, string> | undefined> =>
      run(() =>
        undefinedWhereMissing(async () =>
          (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).Metadata ?? {}
        )
      ),

    /** How many bytes an object has; undefined where there is none. */
    findBytes: (key: string): Promise<number | undefined> =>
      run(() =>
        undefinedWhereMissing(async () =>
          (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength ?? 0
        )
      ),

    /** A link by which anybody can GET the object, as a file of that name, for so many seconds. */
    linkToGet: (key: string, seconds: number, fileName: string): Promise<string> =>
      run(() =>
        getSignedUrl(
          client,
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ResponseContentDisposition: `attachment; filename="${fileName}"`,
          }),
          { expiresIn: seconds },
        )
      ),

    /** A link by which anybody can PUT the object, for so many seconds. */
    linkToPut: (key: string, seconds: number): Promise<string> =>
      run(() => getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds })),

    /** The objects below `prefix` in the order of their keys, after the key `after`, page by page. */
    async *list(prefix: string, after?: string): AsyncGenerator<ListedObject[]> {
      const read = (token?: string) =>
        run(async () => {
          const page = await client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...(token ? { ContinuationToken: token } : after ? { StartAfter: after } : {}),
            }),
          );
          return { objects: page.Contents ?? [], next: page.NextContinuationToken };
        });
      for await (const { objects } of pages(read)) {
        yield objects.map((object) => ({
          key: object.Key!,
          modifiedAt: object.LastModified?.getTime() ?? 0,
          bytes: object.Size ?? 0,
          etag: object.ETag ?? "",
        }));
      }
    },

    /** What stands directly below `prefix` and holds objects: `a/b/` and `a/c/` below `a/`, in their order. */
    async *folders(prefix: string): AsyncGenerator<string> {
      const read = (token?: string) =>
        run(async () => {
          const page = await client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              Delimiter: "/",
              ...(token ? { ContinuationToken: token } : {}),
            }),
          );
          return { folders: page.CommonPrefixes ?? [], next: page.NextContinuationToken };
        });
      for await (const { folders } of pages(read)) yield* folders.map((folder) => folder.Prefix!);
    },

    /** Throws UnavailableError where the bucket cannot be reached. */
    check: (): Promise<void> => run(async () => void (await client.send(new HeadBucketCommand({ Bucket: bucket })))),

    remove: (key: string): Promise<void> =>
      run(async () => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))),
  };
}

function putInput(bucket: string, key: string, body: Uint8Array, options: PutOptions) {
  return {
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentType: options.contentType,
    ...(options.contentEncoding ? { ContentEncoding: options.contentEncoding } : {}),
    ...(options.metadata ? { Metadata: options.metadata } : {}),
  };
}

async function undefinedWhereMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (["NoSuchKey", "NotFound"].includes(nameOf(error))) return undefined;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
