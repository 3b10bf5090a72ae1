/** Some tables need a scope of their own to be exported, and to see or download their exports. */
import type { Context } from "hono";
import type { Scope } from "../../../core/auth/scopes.ts";
import { AppError } from "../../../core/errors.ts";
import { findTable, tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";
import type { AppEnv } from "../../deps.ts";

/** Throws FORBIDDEN_SCOPE if the key lacks the table's scope. */
export const requireTableScope = (scopes: readonly Scope[], tableName: string): void => {
  const scope = findTable(tableName)?.requiredScope ?? null;
  if (scope !== null && !scopes.includes(scope))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: `Table ${tableName} needs the scope ${scope}.` });
};

/** Lists the tables whose exports a key with these scopes may not see. */
export const hiddenFrom = (scopes: readonly Scope[]): string[] =>
  Object.values<ExportTable>(tables)
    .filter(({ requiredScope }) => requiredScope !== null && !scopes.includes(requiredScope))
    .map(({ name }) => name);

/** Lists the tables whose exports this key may not see. */
export const hiddenTables = (c: Context<AppEnv>): string[] => hiddenFrom(c.get("scopes"));
