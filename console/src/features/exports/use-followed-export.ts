/** An export, followed by its stream of events until it ends. A broken stream begins anew; the answer stays on the page meanwhile. */
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { refetchOperations } from "../../app/query-client.ts";
import { getBatchExportOptions, getBatchExportQueryKey } from "../../generated/@tanstack/react-query.gen.ts";
import { streamBatchExportEvents } from "../../generated/sdk.gen.ts";
import type { BatchExport, BatchExportSummary } from "../../generated/types.gen.ts";
import { isActive } from "./export-state.ts";

export const useFollowedExport = (id: string): UseQueryResult<BatchExport, unknown> => {
  const queryClient = useQueryClient();
  // The stream may be cut by what stands between; this finds out, slowly.
  const query = useQuery({
    ...getBatchExportOptions({ path: { id } }),
    refetchInterval: ({ state }) => (state.data !== undefined && isActive(state.data) ? 10_000 : false),
  });
  const isFollowed = query.data !== undefined && isActive(query.data);
  useEffect(() => {
    if (!isFollowed) return;
    const given = new AbortController();
    const show = (summary: BatchExportSummary) =>
      queryClient.setQueryData<BatchExport>(getBatchExportQueryKey({ path: { id } }), (before) =>
        before === undefined ? before : { ...before, ...summary, result: before.result },
      );
    void follow(id, given.signal, show);
    return () => given.abort();
  }, [id, isFollowed, queryClient]);
  return query;
};

/** Events of the stream arrive as text that the generated client has read as JSON. What the stream calls a problem, the next read shows. */
const follow = async (id: string, signal: AbortSignal, show: (summary: BatchExportSummary) => void): Promise<void> => {
  const { stream } = await streamBatchExportEvents({
    path: { id },
    signal,
    onSseEvent: ({ event, data }) => {
      if (event === "progress") show(data as unknown as BatchExportSummary);
      else void refetchOperations("getBatchExport", "getBatchExportManifest", "listBatchExports", "listAuditLogs");
    },
  });
  for await (const _ of stream) if (signal.aborted) return;
};
