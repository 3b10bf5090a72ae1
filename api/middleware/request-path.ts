/** Paths of requests: those of senders, whose base addresses often end in a slash, count with one slash between names and none at the end. */
import { getPath } from "hono/utils/url";

/** Applies to ingestion only: Langfuse redirects such requests, and exporters that are refused drop what they hold. */
export const requestPath = (request: Request): string => {
  const path = getPath(request);
  return senderPath.test(path) ? path.replace(/\/{2,}/g, "/").replace(/\/$/, "") : path;
};

const senderPath = /^\/+api\/+public\/+(?:otel|ingestion)(?:\/|$)/;
