/** Signs the address under which a file of an export can be downloaded for a while. Sends nothing. */
import { AwsClient } from "aws4fetch";
import { contentDisposition } from "../../core/exports/object-key.ts";
import { objectUrl, type S3Location } from "../../core/s3/object-url.ts";
import type { S3Credentials } from "../../core/s3/s3-config.ts";

type Download = {
  location: S3Location;
  credentials: S3Credentials;
  file: { key: string; name: string; contentType: string };
  /** From 1; a signed S3 URL is valid for at most seven days. */
  seconds: number;
};

const secondsMax = 7 * 86_400;

export const signDownload = async ({ location, credentials, file, seconds }: Download): Promise<string> => {
  const url = objectUrl(location, file.key);
  url.searchParams.set("X-Amz-Expires", String(Math.max(1, Math.min(seconds, secondsMax))));
  url.searchParams.set("response-content-disposition", contentDisposition(file.name));
  url.searchParams.set("response-content-type", file.contentType);
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signed = await new AwsClient({ ...keys, service: "s3", region: location.region }).sign(url, { aws: { signQuery: true } });
  return signed.url;
};
