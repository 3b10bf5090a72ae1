/** Keeps the shown lists of exports up to date by one stream of all changes of the project. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isOfOperation, refetchOperations } from "../../app/query-client.ts";
import { streamAllBatchExportEvents } from "../../generated/sdk.gen.ts";
import type { BatchExportPage, BatchExportSummary } from "../../generated/types.gen.ts";

/** The server ends a connection after 15 minutes, and so may anything in between. */
const reconnectMs = 1000;

type Change = { event: string | undefined; data: unknown };

/** An export that no shown page holds is new, and one that has ended may belong to another filter now: both ask for the lists again. */
export const useLiveExports = (): void => {
  const queryClient = useQueryClient();
  useEffect(() => {
    const given = new AbortController();
    const statuses = new Map<string, string>();
    const show = ({ event, data }: Change) => {
      if (event !== "progress" || !isSummary(data)) return void refetchOperations("listBatchExports");
      let isShown = false;
      queryClient.setQueriesData<BatchExportPage>({ predicate: ({ queryKey }) => isOfOperation("listBatchExports", queryKey) }, (page) => {
        if (page === undefined || !page.data.some(({ id, status }) => id === data.id && status === data.status)) return page;
        isShown = true;
        return { ...page, data: page.data.map((one) => (one.id === data.id ? data : one)) };
      });
      // Progress of an export on no shown page changes nothing here; its first sight and a new status may.
      if (!isShown && statuses.get(data.id) !== data.status) void refetchOperations("listBatchExports");
      statuses.set(data.id, data.status);
    };
    void followAll(given.signal, show);
    return () => given.abort();
  }, [queryClient]);
};

const followAll = async (signal: AbortSignal, show: (change: Change) => void): Promise<void> => {
  while (!signal.aborted) {
    const { stream } = await streamAllBatchExportEvents({ signal, onSseEvent: ({ event, data }) => show({ event, data }) });
    for await (const _ of stream) if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
};

const isSummary = (data: unknown): data is BatchExportSummary =>
  typeof data === "object" && data !== null && "id" in data && "status" in data;
