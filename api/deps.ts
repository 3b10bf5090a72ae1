/** What routes are given, and what middleware leaves in the request's context. */

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Scope } from "../core/auth/scopes.ts";
import type { IdKind } from "../core/ids.ts";
import type { Sha256Hex } from "../core/ingestion/blob-key.ts";
import type { EventStoreConfig } from "../core/ingestion/event-store-config.ts";
import type { S3Location } from "../core/s3/object-url.ts";
import type { TraceExperiment } from "../core/traces/measure-and-return.ts";
import type { ClickHouse } from "../db/clickhouse/client.ts";
import type { Fetch } from "../db/clickhouse/raw-fetch.ts";
import type { S3Client } from "../db/object-store/s3-client.ts";
import type { Database } from "../db/postgres/client.ts";
import type { Actor } from "../services/audit/write-audit.ts";
import type { HashSecret } from "../services/tenants/audited-insert.ts";
import type { DocsFile } from "./routes/system/docs-page.ts";

export type { Database } from "../db/postgres/client.ts";

/** What the composition root gives the app. */
export type AppDeps = {
  /** Opens the database for one request; `close` is called when its answer is complete. */
  openDatabase: () => { db: Database; close: () => Promise<void> };
  /** ClickHouse for one request, which has so many seconds for all it asks. */
  openClickHouse: () => Pick<ClickHouse, "queryRows" | "openBytes">;
  eventsTable: string;
  newId: (kind: IdKind) => string;
  newUuid: () => string;
  nowMs: () => number;
  wait: (milliseconds: number) => Promise<void>;
  /** The hash by which a secret key is found: only the composition root knows the salt. */
  hashSecret: HashSecret;
  adminApiKey: string | null;
  rowLimit: number;
  /** ENCRYPTION_KEY is set, so that the runner can hash. */
  canHash: boolean;
  /** Null when batch exports are switched off. */
  downloads: {
    location: S3Location;
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string | undefined;
    internal: S3Location;
    linkSeconds: number;
  } | null;
  /** What one answer with payloads may hold. */
  answers: { bytesMax: number; observationsMax: number };
  /** Null where reads of traces are not compared with the aggregates. */
  traceExperiment: Omit<TraceExperiment, "report" | "defer"> | null;
  /** Where events are kept; null when nothing is taken in. */
  events: (EventStoreConfig & { s3Client: S3Client; sha256Hex: Sha256Hex }) | null;
  fetch: Fetch;
  /** A file of the documentation page; undefined where this deployment has no assets. */
  openDocsFile: (name: DocsFile) => Promise<ReadableStream<Uint8Array> | undefined>;
  log: (line: Record<string, unknown>) => void;
};

/** What routes can be given: each picks what it needs. Keys are checked before it, by `identify` or the admin middleware. */
export type RouteDeps = Omit<AppDeps, "adminApiKey"> & { identify: Identify };

/** What reads of ClickHouse need. */
export type ReadDeps = Pick<RouteDeps, "openClickHouse" | "answers">;
/** The same where traces may be compared with the aggregates. */
export type TraceReadDeps = ReadDeps & Pick<RouteDeps, "traceExperiment" | "log">;
/** What it takes to take events in. */
export type IngestionDeps = Pick<RouteDeps, "identify" | "events" | "newId" | "newUuid" | "nowMs" | "log">;

/** Who calls, and what the key allows at this moment. */
export type Principal = { actor: Actor; scopes: Scope[] };

export type AppEnv = {
  Variables: Principal & {
    requestId: string;
    db: Database;
  };
};

export type App = OpenAPIHono<AppEnv>;

/** Who sends a request, by its key as the database knows it now. Throws UNAUTHENTICATED and API_KEY_EXPIRED. */
export type Identify = (c: Context<AppEnv>, db: Database) => Promise<Principal & { isUseStale: boolean; publicKey: string }>;
