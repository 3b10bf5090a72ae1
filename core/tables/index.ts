/** Registry of the tables that can be exported: one file a table, one line here. */
import { events } from "./events.ts";
import type { ExportTable } from "./table.ts";

export const tables = { events } as const satisfies Record<string, ExportTable>;
export type TableName = keyof typeof tables;

export const findTable = (name: string): ExportTable | undefined => (Object.hasOwn(tables, name) ? tables[name as TableName] : undefined);
