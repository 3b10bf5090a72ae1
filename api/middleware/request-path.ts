/** Paths of requests: those of senders, whose base addresses people write in several ways. */
import { getPath } from "hono/utils/url";

/**
 * Applies to ingestion only: Langfuse redirects such requests, and exporters that are refused drop what they hold. There is one slash
 * between names and none at the end. An exporter posts to its base address as it is, or appends `/v1/traces` to one that has it already.
 */
export const requestPath = (request: Request): string => {
  const path = getPath(request);
  if (!senderPath.test(path)) return path;
  const plain = path.replace(/\/{2,}/g, "/").replace(/\/$/, "");
  const [, signal] = otelPath.exec(plain) ?? [];
  return signal === undefined ? plain.replace(otelBase, `${otelRoot}/traces`) : `${otelRoot}/${signal}`;
};

const senderPath = /^\/+(?:api\/+public\/+(?:otel|ingestion)|v1\/+(?:traces|metrics|logs))(?:\/|$)/;
const otelRoot = "/api/public/otel/v1";
const otelPath = /^(?:\/api\/public\/otel)?(?:\/v1\/traces)?\/v1\/(traces|metrics|logs)$/;
const otelBase = /^\/api\/public\/otel(?:\/v1)?$/;
