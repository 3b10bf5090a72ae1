/** Registry of the engines that load-and-merge SQL is made for. */
import { bigquery } from "./bigquery.ts";
import { clickhouse } from "./clickhouse.ts";
import { databricks } from "./databricks.ts";
import { duckdb } from "./duckdb.ts";
import type { LoadEngine } from "./load-engine.ts";
import { postgres } from "./postgres.ts";
import { snowflake } from "./snowflake.ts";

export const loadEngines = { duckdb, clickhouse, bigquery, snowflake, postgres, databricks } as const satisfies Record<string, LoadEngine>;
export type LoadEngineName = keyof typeof loadEngines;
export const loadEngineNames = Object.keys(loadEngines) as [LoadEngineName, ...LoadEngineName[]];
