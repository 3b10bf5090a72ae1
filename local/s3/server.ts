/**
 * An S3-compatible server on a folder: `bun server.ts DATA_DIR PORT BUCKET…`. Credentials S3RVER / S3RVER; for development only.
 * Fixes s3rver, which answers AbortMultipartUpload with 405, lacks ListMultipartUploads, accepts parts of missing uploads, shows
 * half-written objects, lists in no order, and lists the whole bucket to answer HEAD. A folder that is added later is a bucket as well.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

type Context = {
  method: string;
  path: string;
  query: Record<string, string | undefined>;
  get: (header: string) => string;
  status: number;
  body: unknown;
  type: string;
};
type Middleware = (context: Context, next: () => Promise<void>) => Promise<void>;
type PutContent = (path: string, content: unknown) => Promise<unknown>;
type Listing = { objects: { key: string }[]; isTruncated: boolean };
type ListObjects = (bucket: string, options: { maxKeys?: number }) => Promise<Listing>;
type S3rver = new (
  options: Record<string, unknown>,
) => { middleware: Middleware[]; run: () => Promise<unknown>; store: { putContent: PutContent; listObjects: ListObjects } };

const S3rver = createRequire(import.meta.url)("@20minutes/s3rver") as S3rver;
const [directory = "", port, ...buckets] = process.argv.slice(2);

const isBucket = (name: string): boolean => /^[a-z0-9][a-z0-9.-]*$/.test(name) && existsSync(join(directory, name));

/** Answers HEAD of a bucket. s3rver would list all its objects first: half a minute with 100,000 of them. */
const headBucket: Middleware = async (context, next) => {
  const [bucket = "", ...key] = context.path.slice(1).split("/");
  if (context.method !== "HEAD" || bucket === "" || key.join("") !== "" || context.get("authorization") !== "") return next();
  context.status = isBucket(bucket) ? 200 : 404;
};

/** Handles requests about one multipart upload: aborts it, and answers NoSuchUpload if the key has no such upload. */
const multipartUpload: Middleware = async (context, next) => {
  const { uploadId } = context.query;
  if (uploadId === undefined || context.get("authorization") === "") return next();
  const [bucket = "", ...key] = context.path.slice(1).split("/").map(decodeURIComponent);
  const upload = join(directory, bucket, "._S3rver_uploads", uploadId);
  const isThere = /^[0-9a-f]{32}$/.test(uploadId) && isBucket(bucket) && existsSync(join(upload, "key"));
  if (!isThere || readFileSync(join(upload, "key"), "utf8") !== key.join("/")) {
    context.status = 404;
    context.type = "application/xml";
    context.body = "<Error><Code>NoSuchUpload</Code><Message>The specified upload does not exist.</Message></Error>";
    return;
  }
  if (context.method !== "DELETE") return next();
  rmSync(upload, { recursive: true, force: true });
  context.status = 204;
};

const escapeXml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const listMultipartUploads: Middleware = async (context, next) => {
  const [bucket = "", ...key] = context.path.slice(1).split("/");
  if (
    context.method !== "GET" ||
    context.query["uploads"] === undefined ||
    key.join("") !== "" ||
    !isBucket(bucket) ||
    context.get("authorization") === ""
  )
    return next();
  const folder = join(directory, bucket, "._S3rver_uploads");
  const ids = existsSync(folder) ? readdirSync(folder).filter((id) => existsSync(join(folder, id, "key"))) : [];
  const uploads = ids
    .map((id) => ({ id, key: readFileSync(join(folder, id, "key"), "utf8") }))
    .filter((upload) => upload.key.startsWith(context.query["prefix"] ?? ""));
  context.status = 200;
  context.type = "application/xml";
  context.body = `<ListMultipartUploadsResult>${uploads.map((upload) => `<Upload><Key>${escapeXml(upload.key)}</Key><UploadId>${upload.id}</UploadId></Upload>`).join("")}</ListMultipartUploadsResult>`;
};

const server = new S3rver({
  address: "127.0.0.1",
  port: Number(port),
  directory,
  silent: true,
  vhostBuckets: false,
  configureBuckets: buckets.map((name) => ({ name, configs: [] })),
});
server.middleware.unshift(headBucket, multipartUpload, listMultipartUploads);
// s3rver writes into the file itself: a reader, or a second writer after a retry, would see half of it. Real stores show an object whole or
// not at all.
const write = server.store.putContent.bind(server.store);
server.store.putContent = async (path, content) => {
  const part = `${path}.${randomUUID()}.part`;
  try {
    const written = await write(part, content);
    await rename(part, path);
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};
// s3rver lists in folder order, and so omits keys after the first page.
const list = server.store.listObjects.bind(server.store);
server.store.listObjects = async (bucket, { maxKeys = 1000, ...options }) => {
  const all = await list(bucket, options);
  const objects = all.objects.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  return { ...all, objects: objects.slice(0, maxKeys), isTruncated: objects.length > maxKeys };
};
await server.run();
