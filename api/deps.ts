/** Dependencies of routes, and what middleware stores in the request context. */

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Scope } from "../core/auth/scopes.ts";
import type { EgressPolicy } from "../core/egress/egress-policy.ts";
import type { IdKind } from "../core/ids.ts";
import type { Sha256Hex } from "../core/ingestion/blob-key.ts";
import type { EventStoreConfig } from "../core/ingestion/event-store-config.ts";
import type { Keyring } from "../core/integrations/sealed-secret.ts";
import type { PlanName, QuotaOverrides } from "../core/limits/plans.ts";
import type { ExportEstimate, QuotaStatus } from "../core/limits/quota-status.ts";
import type { QuotaLimits } from "../core/limits/quotas.ts";
import type { HashKeyOf } from "../core/query/privacy/hash-key.ts";
import type { S3Location } from "../core/s3/object-url.ts";
import type { Span, Tracer } from "../core/telemetry/tracer.ts";
import type { TraceExperiment } from "../core/traces/measure-and-return.ts";
import type { ClickHouse } from "../db/clickhouse/client.ts";
import type { Fetch } from "../db/clickhouse/raw-fetch.ts";
import type { S3Client } from "../db/object-store/s3-client.ts";
import type { Database } from "../db/postgres/client.ts";
import type { SessionRecord } from "../services/accounts/find-session.ts";
import type { Actor } from "../services/audit/write-audit.ts";
import type { HashSecret } from "../services/tenants/audited-insert.ts";
import type { OidcClient } from "./oidc-client.ts";
import type { BurstLimit } from "./rate-limiter.ts";

export type { Database } from "../db/postgres/client.ts";

/** Dependencies that the composition root passes to the app. */
export type AppDeps = {
  /** Opens the database for one request, whose id its log lines carry. `close` is called when the response is complete. */
  openDatabase: (requestId: string) => { db: Database; close: () => Promise<void> };
  /** Whether Postgres lacks migrations of this version. */
  hasPendingMigrations: (db: Database) => Promise<boolean>;
  /** Opens ClickHouse for one request, with one time budget for all its queries. */
  openClickHouse: () => Pick<ClickHouse, "queryRows" | "openBytes">;
  /** As `openClickHouse`, with the shorter limit of a preview, by which the server itself ends its queries. */
  openPreviewClickHouse: AppDeps["openClickHouse"];
  eventsTable: string;
  newId: (kind: IdKind) => string;
  newUuid: () => string;
  randomBytes: (size: number) => Uint8Array<ArrayBuffer>;
  nowMs: () => number;
  wait: (milliseconds: number) => Promise<void>;
  /** Hashes a secret key so that it can be found. Only the composition root knows the salt. */
  hashSecret: HashSecret;
  adminApiKey: string | null;
  /** Mail addresses in lower case of people who may do what the admin key may. */
  operators: ReadonlySet<string>;
  /** Address of the console, without a trailing slash; null if it is not configured. Only mails need it. */
  publicUrl: string | null;
  /** Sign-in of a company (OpenID Connect); null if there is none. */
  oidc: OidcClient | null;
  rowLimit: number;
  /** Plan of projects that have none of their own. */
  defaultPlan: PlanName;
  /** Limit of bursts of one API key; null if there is none. */
  burst: BurstLimit | null;
  /** True if ENCRYPTION_KEY is set, so that the runner can hash values. */
  canHash: boolean;
  /** The key with which a preview hashes values, as the runner does. */
  hashKeyOf: HashKeyOf;
  /** Seals the secrets of integrations and webhook endpoints. Null without ENCRYPTION_KEY. */
  keyring: Keyring | null;
  /** Returns why requests must not go to a customer's address; undefined if they may. */
  checkAddress: (url: string) => string | undefined;
  /** Returns what is wrong with a template of object keys; undefined if nothing. */
  checkKeyTemplate: (template: string) => string | undefined;
  /** Null if batch exports are switched off. */
  downloads: {
    location: S3Location;
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string | undefined;
    internal: S3Location;
    linkSeconds: number;
  } | null;
  /** Limits of one response with payloads. */
  answers: { bytesMax: number; observationsMax: number };
  /** Null if trace reads are not compared with the aggregates. */
  traceExperiment: Omit<TraceExperiment, "report" | "defer"> | null;
  /** The event store and its settings; null if ingestion is switched off. */
  events: (EventStoreConfig & { s3Client: S3Client; sha256Hex: Sha256Hex }) | null;
  /** Addresses that customers may name as destinations. Only the runner sends to them. */
  egressPolicy: EgressPolicy;
  fetch: Fetch;
  /** Opens a static file of the console or the API page by its path; undefined if the deployment has none. */
  openAsset: (path: string) => Promise<ReadableStream<Uint8Array> | undefined>;
  log: (line: Record<string, unknown>) => void;
  /** Opens a tracer for one request; it records nothing where no collector is named. */
  openTracer: () => Tracer;
};

/** Dependencies available to routes; each picks what it needs. `identify` or the admin middleware has checked the key by then. */
export type RouteDeps = Omit<AppDeps, "adminApiKey"> & {
  /** By key or session. */
  identify: Identify;
  /** By key alone. */
  identifyKey: Identify;
};

/** Dependencies of reads from ClickHouse. */
export type ReadDeps = Pick<RouteDeps, "openClickHouse" | "answers">;
/** `ReadDeps` of reads whose traces may be compared with the aggregates. */
export type TraceReadDeps = ReadDeps & Pick<RouteDeps, "traceExperiment" | "log">;
/** Dependencies of the ingestion routes. */
export type IngestionDeps = Pick<RouteDeps, "identify" | "events" | "newId" | "newUuid" | "nowMs" | "log">;

/** The caller, and what its key or role allows at this moment. */
export type Principal = { actor: Actor; scopes: Scope[] };

export type AppEnv = {
  Variables: Principal & {
    requestId: string;
    /** Span of the request. Jobs keep its context, so that the runner continues the trace. */
    span: Span;
    /** In a route for people: their session. */
    session: SessionRecord;
    /** In a route for administrators: the person, if an operator's session and not the admin key is used. */
    operatorId: string | undefined;
    /** In a creating route with an Idempotency-Key: the transaction that holds the key. */
    db: Database;
    keyring: Keyring | null;
    defaultPlan: PlanName;
    /** Limits of the project of the key. */
    quotaLimits: QuotaLimits;
    /** What an export would take of quotas of rows and bytes; null if the project has neither. Set before a creating route runs. */
    estimate: ExportEstimate;
    /** The quotas after what this request took of them. */
    quotas: QuotaStatus | undefined;
  };
};

export type App = OpenAPIHono<AppEnv>;

/**
 * Identifies the caller by its key or session, as stored in the database now. Throws UNAUTHENTICATED, API_KEY_EXPIRED, and what
 * `identifyPerson` throws.
 */
export type Identify = (c: Context<AppEnv>, db: Database) => Promise<Identified>;
type Identified = Principal & {
  /** Records the use of the key or session; null if that was done within a minute. */
  markUsed: (() => Promise<unknown>) | null;
  /** Of the key; empty for a person. */
  publicKey: string;
  plan: PlanName | null;
  quotaOverrides: QuotaOverrides | null;
};
