/** Stage 4, query: opens the source of an export from its request. */

import type { PhysicalTables } from "../../../core/query/build-query.ts";
import { usesOf } from "../../../core/query/sql.ts";
import type { ClickHouse } from "../../../db/clickhouse/client.ts";
import type { PlanBounds } from "../../../db/clickhouse/plan-export.ts";
import { isUnlogged } from "../../../db/event-store/deletable-objects.ts";
import type { Database } from "../../../db/postgres/client.ts";
import { loadLookups } from "../../../db/postgres/lookups.ts";
import { openClickHouseSource } from "./clickhouse-source.ts";
import type { ExportSource, SourceRequest } from "./export-source.ts";
import { openPostgresSource } from "./postgres-source.ts";

type SourceDeps = {
  db: Database;
  clickhouse: ClickHouse;
  settings: { physical: PhysicalTables; sliceThreads: number; isOnlyWriter: boolean } & PlanBounds;
};

export const openSource = async (deps: SourceDeps, request: SourceRequest): Promise<ExportSource> => {
  const { settings, db, clickhouse } = deps;
  if (request.compiled.table.source.kind === "postgres")
    return openPostgresSource({ db, clickhouse, physical: settings.physical }, request);
  const { selection, conditions } = request.compiled;
  return openClickHouseSource(
    {
      db,
      clickhouse,
      physical: settings.physical,
      bounds: boundsFor(settings, request.options.targetFileMib),
      sliceThreads: settings.sliceThreads,
      // Without a log of every file, a row does not always keep when it was created.
      isOnlyWriter: settings.isOnlyWriter && !(await isUnlogged(db, request.projectId)),
    },
    request,
    await loadLookups(db, request.projectId, usesOf([...selection.select, ...conditions])),
  );
};

/** Limits slices to the target file size. */
const boundsFor = ({ sliceBytes, sliceBytesMin, sliceRowsMax }: PlanBounds, targetFileMib: number | null): PlanBounds => {
  const bytesMax = Math.min(sliceBytes, (targetFileMib ?? Number.POSITIVE_INFINITY) * 1024 * 1024);
  return { sliceBytes: bytesMax, sliceBytesMin: Math.min(bytesMax, sliceBytesMin), sliceRowsMax };
};
