/** S3: builds the URL of a key in a bucket, path style or virtual hosted. The runner uses it for requests, the API to sign downloads. */
import { AppError } from "../errors.ts";

export type S3Location = {
  /** Address of the store; null is AWS in the region. */
  endpoint: string | null;
  region: string;
  bucket: string;
  forcePathStyle: boolean;
};

/** Encodes each segment separately: `+` and `%` in a key keep their meaning, and the key cannot leave the bucket. */
export const objectUrl = (config: S3Location, key: string): URL => {
  const segments = key.split("/");
  if (segments.some((segment) => segment === "." || segment === ".."))
    throw new AppError({ code: "S3_REJECTED", message: "An object key must not contain . or .. segments." });
  const path = segments.map(encodeSegment).join("/");
  const base = new URL(config.endpoint ?? `https://s3.${config.region}.amazonaws.com`);
  const root = base.pathname.endsWith("/") ? base.pathname : `${base.pathname}/`;
  if (config.forcePathStyle) {
    // The bucket itself gets no trailing slash: not every store includes one in the signature.
    const bucket = `${base.origin}${root}${encodeSegment(config.bucket)}`;
    return new URL(path === "" ? bucket : `${bucket}/${path}`);
  }

  return new URL(`${base.protocol}//${config.bucket}.${base.host}${root}${path}`);
};

const encodeSegment = (segment: string): string =>
  encodeURIComponent(segment).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
