/** Estimates an export: for the estimate route, and before the creation of an export in a project with a quota of rows or bytes. */
import type { Context, MiddlewareHandler } from "hono";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import type { ErrorCode } from "../../../core/errors.ts";
import { checkExportRequest } from "../../../core/exports/parse-request.ts";
import { until } from "../../../core/query/build-query.ts";
import type { CompiledQuery } from "../../../core/query/compile-query.ts";
import type { ExportQuery } from "../../../core/query/export-query.ts";
import { inFlightBytesDefault, sliceBytesMin, sliceMibDefault, sliceRowsMax } from "../../../core/query/slice.ts";
import { type ExportEstimate, estimateExport } from "../../../services/exports/estimate-export.ts";
import type { AppEnv, RouteDeps } from "../../deps.ts";
import { requireTableScope } from "./table-scope.ts";

export type WeighDeps = Pick<RouteDeps, "eventsTable" | "nowMs" | "openClickHouse" | "rowLimit">;

/** Error codes of routes that take quotas of an export. */
export const quotaCodes = [
  "QUOTA_EXCEEDED",
  "EXPORT_EXCEEDS_QUOTA",
  ...clickhouseErrorCodes,
  "COMMENT_FILTER_TOO_WIDE",
] as const satisfies readonly ErrorCode[];

/** Defaults of the runner, so that `slices` predicts a real export. */
const sliceBytes = sliceMibDefault * 1024 * 1024;
const bounds = { sliceBytes, sliceBytesMin: sliceBytesMin(sliceBytes, inFlightBytesDefault), sliceRowsMax };

export const planOf = (
  c: Context<AppEnv>,
  deps: Pick<RouteDeps, "eventsTable" | "nowMs">,
  clickhouse: ReturnType<RouteDeps["openClickHouse"]>,
  compiled: CompiledQuery,
): Promise<ExportEstimate> =>
  estimateExport({ db: c.get("db"), clickhouse, bounds }, compiled, {
    projectId: c.get("actor").projectId,
    window: until(new Date(deps.nowMs()).toISOString()),
    physical: { events: deps.eventsTable },
  });

export const rowLimitOf = (deps: Pick<RouteDeps, "rowLimit">, query: ExportQuery): number =>
  Math.min(deps.rowLimit, query.limit ?? Number.POSITIVE_INFINITY);

/**
 * Sets the estimate of the request. A project without a quota of rows or bytes does not pay for it. Runs before the transaction of the
 * creation, which must not stay open while ClickHouse counts.
 */
export const weighExport = (
  deps: WeighDeps,
  queryOf: (c: Context<AppEnv>) => Promise<ExportQuery | undefined>,
): MiddlewareHandler<AppEnv> =>
  async function weighExport(c, next) {
    c.set("estimate", null);
    const { rowsPerDay, bytesPerDay } = c.get("quotaLimits");
    if (rowsPerDay !== null || bytesPerDay !== null) {
      const query = await queryOf(c);
      if (query !== undefined) {
        requireTableScope(c.get("scopes"), query.tableName);
        const { rows, bytes } = await planOf(c, deps, deps.openClickHouse(), checkExportRequest({ query }).compiled);
        c.set("estimate", { rows: Math.min(rows, rowLimitOf(deps, query)), bytes });
      }
    }
    await next();
  };
