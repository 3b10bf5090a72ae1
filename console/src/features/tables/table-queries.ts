/**
 * Reads of tables, as queries of the cache. Their routes are POST, because a filter may be long, so the generated options for changes do not
 * fit: these have the same keys as those of reads.
 */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { countTableRows, estimateBatchExport, listTableRows, listTableValues, previewBatchExport } from "../../generated/sdk.gen.ts";
import type { CountTableRowsData, CreateBatchExport, ListTableRowsData, ListTableValuesData } from "../../generated/types.gen.ts";

export const rowsOptions = (table: string, body: ListTableRowsData["body"]) =>
  queryOptions({
    queryKey: [{ _id: "listTableRows", path: { table }, body }],
    queryFn: async ({ signal }) => (await listTableRows({ path: { table }, body, signal, throwOnError: true })).data,
  });

/** One row with these columns. Null if there is none of this id. */
export const rowOptions = (table: string, id: string, columns: string[], textMax: number | null) =>
  queryOptions({
    queryKey: [{ _id: "listTableRows", path: { table }, id, columns, textMax }],
    queryFn: async ({ signal }) => {
      const filter = [{ type: "string" as const, column: "id", operator: "=" as const, value: id }];
      const { data } = await listTableRows({ path: { table }, body: { filter, columns, limit: 1, textMax }, signal, throwOnError: true });
      const [row] = data.rows;
      return row === undefined ? null : { columns: data.columns, row };
    },
  });

export const histogramOptions = (table: string, body: CountTableRowsData["body"]) =>
  queryOptions({
    queryKey: [{ _id: "countTableRows", path: { table }, body }],
    queryFn: async ({ signal }) => (await countTableRows({ path: { table }, body, signal, throwOnError: true })).data,
    placeholderData: keepPreviousData,
  });

/** While more is typed, the values of what was typed before stay; those of another column do not. */
export const valuesOptions = (table: string, body: ListTableValuesData["body"]) =>
  queryOptions({
    queryKey: [{ _id: "listTableValues", path: { table }, body }],
    queryFn: async ({ signal }) => (await listTableValues({ path: { table }, body, signal, throwOnError: true })).data,
    staleTime: 60_000,
    placeholderData: (before, query) => (query?.queryKey[0]?.body.column === body.column ? before : undefined),
  });

export const estimateOptions = (query: CreateBatchExport["query"]) =>
  queryOptions({
    queryKey: [{ _id: "estimateBatchExport", query }],
    queryFn: async ({ signal }) => (await estimateBatchExport({ body: { query }, signal, throwOnError: true })).data,
  });

export const previewOptions = (body: CreateBatchExport) =>
  queryOptions({
    queryKey: [{ _id: "previewBatchExport", body }],
    queryFn: async ({ signal }) => (await previewBatchExport({ body, signal, throwOnError: true })).data,
    placeholderData: keepPreviousData,
  });
