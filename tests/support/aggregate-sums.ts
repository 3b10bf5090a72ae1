/** Usage and cost by trace, of every trace that has any, also of those that only observations name; kinds that come to 0 are left out. */
export const sumsByTrace = (query: (sql: string) => Promise<string>, table: string): Promise<string> => {
  const trace = table === "observations" ? "trace_id" : "id";
  const sum = (column: string, type: string) => `mapSort(mapFilter((k, v) -> v != 0, sumMap(CAST(${column}, 'Map(String, ${type})'))))`;
  return query(
    `SELECT trace, usage, cost FROM (
       SELECT ${trace} AS trace, ${sum("usage_details", "UInt64")} AS usage, ${sum("cost_details", "Decimal(38, 12)")} AS cost FROM ${table} FINAL GROUP BY trace
     ) WHERE notEmpty(usage) OR notEmpty(cost) ORDER BY trace FORMAT TSV`,
  );
};
