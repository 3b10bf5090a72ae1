/** Dependencies of a ClickHouse source. */
import type { PhysicalTables } from "../../../core/query/build-query.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import type { PlanBounds } from "../../../db/clickhouse/plan-export.ts";
import type { Database } from "../../../db/postgres/client.ts";

export type ClickHouseSourceDeps = {
  db: Database;
  clickhouse: ClickHouse;
  physical: PhysicalTables;
  bounds: PlanBounds;
  /** Whether the service alone writes the tables. Every version of a row then keeps the `created_at` of the first. */
  isOnlyWriter: boolean;
  /** Server threads per slice. */
  sliceThreads: number;
};
