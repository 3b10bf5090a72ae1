/** `tables [name]`: what can be exported, and by which columns it can be filtered. */
import type { Command } from "@commander-js/extra-typings";
import type { ExportTable } from "../../../openapi/client/index.ts";
import type { Run } from "../context.ts";
import { hasKey } from "../filter/type-filter.ts";
import { type Colors, formatTable } from "../output/output.ts";
import { printable } from "../output/printable.ts";

export const addTables = (program: Command, run: Run): void => {
  program
    .command("tables")
    .description("List the tables, or show the columns and filters of one")
    .argument("[name]", "name of a table")
    .action((name, _options, command) =>
      run(command, async ({ output, openClient }) => {
        const client = await openClient();
        if (name !== undefined) {
          const table = await client.tables.get(name);
          return output.document(table, () => showTable(table, output.colors));
        }
        const { data } = await client.tables.list();
        await output.rows(data, {
          head: ["table", "rows are"],
          cells: (table) => [table.name, printable(table.description)],
          empty: "No tables.",
        });
      }),
    );
};

const showTable = (table: ExportTable, paint: Colors): string => {
  const title = (...words: string[]) => words.map((word) => paint.bold(word));
  const columns = table.columns.map(({ id, type, unit, description }) => [
    id,
    `${type}${unit === null ? "" : ` (${unit})`}`,
    printable(description),
  ]);
  const filters = table.filters.map((filter) => [
    `${filter.id}${hasKey(filter.type) ? ".KEY" : ""}`,
    filter.type,
    [...new Set(filter.filters.flatMap(({ operators }) => operators))].map((one) => (one === "<>" ? "!=" : one)).join("  "),
    filter.isSortable ? "yes" : "",
    filter.aliases.join(", "),
  ]);
  return [
    `${paint.bold(table.name)}: ${printable(table.description)} --since and --until go by ${table.timeColumn}.`,
    "",
    formatTable([title("COLUMN", "TYPE", "WHAT IT HOLDS"), ...columns]),
    "",
    formatTable([title("FILTER", "TYPE", "OPERATORS", "SORTS", "ALSO"), ...filters]),
  ].join("\n");
};
