/** Some tables need a scope of their own, not only to be exported but also to see or download what was exported. */
import type { Context } from "hono";
import type { Scope } from "../../../core/auth/scopes.ts";
import { AppError } from "../../../core/errors.ts";
import { findTable, tables } from "../../../core/query/tables/index.ts";
import type { ExportTable } from "../../../core/query/tables/table.ts";
import type { AppEnv } from "../../deps.ts";

/** Refuses a key without the scope of the table. */
export const requireTableScope = (scopes: readonly Scope[], tableName: string): void => {
  const scope = findTable(tableName)?.requiredScope ?? null;
  if (scope !== null && !scopes.includes(scope))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: `Table ${tableName} needs the scope ${scope}.` });
};

/** Tables whose exports this key may not see. */
export const hiddenTables = (c: Context<AppEnv>): string[] =>
  Object.values<ExportTable>(tables)
    .filter(({ requiredScope }) => requiredScope !== null && !c.get("scopes").includes(requiredScope))
    .map(({ name }) => name);
