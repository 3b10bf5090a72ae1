/** Rows of a page as JSON objects that ClickHouse writes: the id, the cells as in a JSON file, and the full lengths of cut cells. */

import type { SliceFormat } from "./formats/file-format.ts";
import { jsonRows } from "./formats/json-rows.ts";
import type { SelectedColumn } from "./selected-column.ts";
import type { Expression } from "./sql.ts";

/** Texts that hold JSON stay texts, because a cut one is no JSON. */
const options = { neutralizeFormulas: false, embedJson: false, embedLevels: 1 };

/** Builds `{"id":…,"values":{…},"cut":{…}}` for each row, separated by commas. `id` and `cut` are JSON text. */
export const rowObjects = (columns: SelectedColumn[], { id, cut }: { id: Expression; cut: Expression }): SliceFormat => {
  const cells = jsonRows(columns, options, { between: ",", after: "" });
  return {
    ...cells,
    select: [...cells.select, { ...id, alias: "row_id" }, { ...cut, alias: "row_cut" }],
    settings: {
      ...cells.settings,
      format_template_row_format: `{"id":\${row_id:Raw},"values":${cells.settings["format_template_row_format"]},"cut":\${row_cut:Raw}}`,
    },
  };
};
