/** ClickHouse with parameters and external tables that every statement of a request shares. */
import type { ClickHouse } from "../../db/clickhouse/client.ts";

type Reads = Pick<ClickHouse, "queryRows" | "openBytes">;

export const withParams = (clickhouse: Reads, params: Record<string, unknown>): Reads => ({
  queryRows: (statement) => clickhouse.queryRows({ ...statement, params: { ...statement.params, ...params } }),
  openBytes: (statement) => clickhouse.openBytes({ ...statement, params: { ...statement.params, ...params } }),
});
