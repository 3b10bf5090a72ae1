/** The lower bound that filters set on the time of a table's rows. */
import { z } from "zod";
import { findFilterColumn } from "./filters/compile-filter.ts";
import type { ExportTable } from "./tables/table.ts";

const LowerBound = z.object({ type: z.literal("datetime"), column: z.string(), operator: z.enum([">", ">="]), value: z.string() });

/** Returns the latest lower bound on the table's time, since all filters must match; null without one. */
export const earliest = (filters: readonly unknown[], table: ExportTable): Date | null => {
  const bounds = filters.flatMap((filter) => {
    const { success, data } = LowerBound.safeParse(filter);
    return success && findFilterColumn(table, data.column)?.sql === table.time ? [Date.parse(data.value)] : [];
  });
  return bounds.length === 0 ? null : new Date(Math.max(...bounds));
};
