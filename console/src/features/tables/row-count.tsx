/** How many rows there are, by the estimate of their export: exact, or at most so many where payloads would have to be read. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDebounced } from "../../app/use-debounced.ts";
import { useCan } from "../../app/use-project.ts";
import { countText } from "../../components/quantity.ts";
import type { ExportTable } from "../../generated/types.gen.ts";
import { pageOf } from "./table-pages.ts";
import { estimateOptions } from "./table-queries.ts";
import { rowFilterOf } from "./table-view.ts";
import { useRows } from "./use-rows.ts";
import type { TableView } from "./use-table-view.ts";

const quietMs = 400;

export const RowCount = ({ table, view }: { table: ExportTable; view: TableView }) => {
  const { name, search, nowMs } = view;
  const can = useCan();
  const { isFetched } = useRows(table, view);
  const query = useDebounced({ tableName: name, ...rowFilterOf(table, search, nowMs) }, quietMs);
  const { data, isPlaceholderData, isError } = useQuery({
    ...estimateOptions(query),
    enabled: isFetched && can("batchExports:create"),
    placeholderData: keepPreviousData,
  });
  // The rows below say what failed.
  if (data === undefined || isError) return null;
  const { noun } = pageOf(name);
  const rows = `${countText(data.rows)} ${data.rows === 1 ? noun : `${noun}s`}`;
  return (
    <span className="row-count numeric" aria-busy={isPlaceholderData}>
      {data.exact ? (
        rows
      ) : (
        <span title="Counting exactly would read inputs and outputs. This is an upper bound.">at most {rows} (estimate)</span>
      )}
    </span>
  );
};
