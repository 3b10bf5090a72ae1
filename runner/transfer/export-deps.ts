/** Dependencies and settings of the export handler. */

import type { PhysicalTables } from "../../core/query/build-query.ts";
import type { HashKeyOf } from "../../core/query/privacy/hash-key.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import type { PlanBounds } from "../../db/clickhouse/plan-export.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Log } from "../deps.ts";
import type { FileSink } from "./sinks/file-sink.ts";

type ExportSettings = {
  prefix: string;
  physical: PhysicalTables;
  rowLimit: number;
  slicesAhead: number;
  sliceThreads: number;
  /** Whether the service alone writes the tables. Every version of a row then keeps the `created_at` of the first. */
  isOnlyWriter: boolean;
  progressSeconds: number;
} & PlanBounds;

export type ExportHandlerDeps = {
  db: Database;
  clickhouse: ClickHouse;
  /** Destination of the files; null if batch exports are switched off or no bucket is configured. */
  sink: FileSink | null;
  settings: ExportSettings;
  clock: Clock;
  log: Log;
  emit: Bus["emit"];
  crc32: (bytes: Uint8Array, seed?: number) => number;
  sha256: (text: string) => string;
  hashKeyOf: HashKeyOf;
};
