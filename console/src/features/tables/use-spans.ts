/** Spans of a trace, without their payloads: from the table of events, or from that of observations where it has none of them. */
import { useQuery } from "@tanstack/react-query";
import { listObservationsV2, listTableRows } from "../../generated/sdk.gen.ts";
import type { ListTableRowsData, TableRowsPage } from "../../generated/types.gen.ts";
import type { Span } from "./span-tree.ts";

export type Trace = {
  /** Where a span's values are read. */
  table: "events" | "observations";
  spans: Span[];
  /** There are more, which are left out. */
  isCut: boolean;
};

const spansMax = 20_000;
const eventsStep = 1000;
const rowsStep = 100;

export const useSpans = (traceId: string) =>
  useQuery({
    queryKey: [{ _id: "listTraceSpans", traceId }],
    queryFn: async ({ signal }): Promise<Trace> => {
      const events = await eventsOf(traceId, signal);
      return events.spans.length > 0 ? events : observationsOf(traceId, signal);
    },
    staleTime: 30_000,
  });

const eventsOf = async (traceId: string, signal: AbortSignal): Promise<Trace> => {
  const spans: Span[] = [];
  let cursor: string | undefined;
  do {
    const { data } = await listObservationsV2({
      query: { traceId, limit: eventsStep, fields: "core,basic", ...(cursor !== undefined && { cursor }) },
      signal,
      throwOnError: true,
    });
    for (const { id, parentObservationId, name, type, level, startTime, endTime } of data.data)
      spans.push({ id, parentId: parentObservationId || null, name: name ?? "", type, level: level ?? "DEFAULT", startTime, endTime });
    cursor = data.meta.cursor;
  } while (cursor !== undefined && spans.length < spansMax);
  return { table: "events", spans, isCut: cursor !== undefined };
};

const columns = ["id", "parentObservationId", "name", "type", "level", "startTime", "endTime"];

const observationsOf = async (traceId: string, signal: AbortSignal): Promise<Trace> => {
  const filter = [{ type: "string" as const, column: "traceId", operator: "=" as const, value: traceId }];
  const spans: Span[] = [];
  let cursor: string | null = null;
  do {
    const body: ListTableRowsData["body"] = { filter, columns, limit: rowsStep, ...(cursor !== null && { cursor }) };
    const { data }: { data: TableRowsPage } = await listTableRows({ path: { table: "observations" }, body, signal, throwOnError: true });
    spans.push(...data.rows.map(({ id, values }) => spanOf(id, values)));
    cursor = data.nextCursor;
  } while (cursor !== null && spans.length < spansMax);
  return { table: "observations", spans, isCut: cursor !== null };
};

const spanOf = (id: string, values: Record<string, unknown>): Span => {
  const text = (name: string): string => (typeof values[name] === "string" ? values[name] : "");
  return {
    id,
    parentId: text("parentObservationId") || null,
    name: text("name"),
    type: text("type"),
    level: text("level"),
    startTime: text("startTime"),
    endTime: text("endTime") || null,
  };
};
