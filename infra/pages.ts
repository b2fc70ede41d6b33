import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudfrontOriginAccessControl } from "@cdktf/provider-aws/lib/cloudfront-origin-access-control/index.js";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object/index.js";
import type { TerraformStack } from "cdktf";
import { keptFor, pageType } from "../api/entry/http/pages.ts";
import { STAGE_NAME as SOCKETS } from "./socket-api.ts";
import { type Stage, StageError } from "./stages.ts";

export type Pages = { bucket: S3Bucket; access: CloudfrontOriginAccessControl };

/** Pages ask the functions that hold sockets, and not the path of a server: said in the one document that all pages are. */
const HEAD = "<head>";
const SOCKETS_META = `${HEAD}<meta name="sockets" content="/${SOCKETS}">`;

/** Adds the built pages in a bucket that CloudFront alone reads: where functions serve the API they hold none. */
export function addPages(stack: TerraformStack, stage: Stage, pagesDir: string): Pages {
  if (!existsSync(join(pagesDir, "index.html"))) throw new StageError("The pages are not built: run npm run tools.");
  const bucket = new S3Bucket(stack, "pages", { bucket: `${stage.prefix}-pages`, forceDestroy: !stage.isProtected });
  const names = readdirSync(pagesDir, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  const parts: S3Object[] = [];
  // Documents last: one that names what is not there yet would be a page that does not come up.
  const isDocument = (name: string) => name.endsWith(".html");
  for (
    const name of names.filter(pageType).sort((a, b) =>
      Number(isDocument(a)) - Number(isDocument(b)) || (a < b ? -1 : 1)
    )
  ) {
    const bytes = bytesOf(pagesDir, name);
    const object = new S3Object(stack, `pages-${name.replaceAll(/[^\w-]/g, "-")}`, {
      bucket: bucket.id,
      key: name,
      contentType: pageType(name)!,
      cacheControl: keptFor(name),
      contentBase64: bytes.toString("base64"),
      etag: createHash("md5").update(bytes).digest("hex"),
      ...(isDocument(name) ? { dependsOn: [...parts] } : {}),
    });
    if (!isDocument(name)) parts.push(object);
  }
  const access = new CloudfrontOriginAccessControl(stack, "pages-access", {
    name: `${stage.prefix}-pages`,
    originAccessControlOriginType: "s3",
    signingBehavior: "always",
    signingProtocol: "sigv4",
  });
  return { bucket, access };
}

function bytesOf(pagesDir: string, name: string): Buffer {
  const bytes = readFileSync(join(pagesDir, name));
  return name === "index.html" ? Buffer.from(bytes.toString("utf8").replace(HEAD, SOCKETS_META)) : bytes;
}
