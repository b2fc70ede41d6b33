import { TENANT_PATTERN } from "../core/ids.ts";

/** Something of a tenant's that could not be taken, and why. Nothing of it is counted. */
export type Parked = {
  parkedId: string;
  kind: ParkedKind;
  /** Epoch ms. */
  parkedAt: number;
  bytes: number;
  reason: string;
  /** The first characters of it. */
  preview: string;
};

export type ParkedKind = "RECORD" | "MESSAGE";

/** Where they lie, by kind: records of tables' streams until they are counted, messages for as long as on their queue. */
export const FOLDERS = { RECORD: "late/", MESSAGE: "parked/" } as const satisfies Record<ParkedKind, string>;

export const folderOf = (kind: ParkedKind, tenantId: string): string => `${FOLDERS[kind]}tenant=${tenantId}/`;

/** The tenant that a text begins with, up to its first `#`; undefined where it can be none. */
export function tenantIn(pk: unknown): string | undefined {
  const [tenantId = ""] = String(pk).split("#", 1);
  return TENANT_PATTERN.test(tenantId) ? tenantId : undefined;
}

/** An id is where a thing lies below its tenant's folder: it can name nothing of another's. */
const ID = /^(RECORD|MESSAGE)\/([\w%-][\w%.-]*\/)?[\w-]+\.json$/;

export function idOf(kind: ParkedKind, tenantId: string, key: string): string {
  return Buffer.from(`${kind}/${key.slice(folderOf(kind, tenantId).length)}`).toString("base64url");
}

/** Undefined where a text is no id. */
export function parseId(tenantId: string, parkedId: string): { kind: ParkedKind; key: string } | undefined {
  const text = Buffer.from(parkedId, "base64url").toString();
  const kind = ID.exec(text)?.[1] as ParkedKind | undefined;
  return kind && { kind, key: `${folderOf(kind, tenantId)}${text.slice(kind.length + 1)}` };
}
