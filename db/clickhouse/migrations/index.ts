/** The ClickHouse migrations, in order. Never edit one that was applied anywhere: its checksum is compared. */

import { events } from "./0001-events.ts";
import { legacyTables } from "./0002-legacy-tables.ts";
import { traceAggregates } from "./0003-trace-aggregates.ts";
import { insertTokens } from "./0004-insert-tokens.ts";
import { ledgerIndex } from "./0005-ledger-index.ts";
import { writeTime } from "./0006-write-time.ts";
import { exactIds } from "./0007-exact-ids.ts";
import type { ClickHouseMigration } from "./migration.ts";

export const clickHouseMigrations: readonly ClickHouseMigration[] = [
  events,
  legacyTables,
  traceAggregates,
  insertTokens,
  ledgerIndex,
  writeTime,
  exactIds,
];
