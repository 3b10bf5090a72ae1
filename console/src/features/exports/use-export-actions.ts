/** What can be done with an export. Each answer is shown at once, and the lists are asked for again. */
import { useMutation } from "@tanstack/react-query";
import { announce } from "../../app/announce.tsx";
import { refetchOperations } from "../../app/query-client.ts";
import { toast, toastFailure } from "../../components/toast.tsx";
import {
  cancelBatchExportMutation,
  deleteBatchExportMutation,
  rerunBatchExportMutation,
  retryBatchExportMutation,
} from "../../generated/@tanstack/react-query.gen.ts";
import { getBatchExportDownloadLink } from "../../generated/sdk.gen.ts";

export const refetchExports = () => refetchOperations("listBatchExports", "getBatchExport", "listAuditLogs");

export const useExportActions = () => {
  const said = (text: string) => ({
    onError: toastFailure,
    onSuccess: () => {
      toast(text);
      void refetchExports();
    },
  });
  return {
    cancel: useMutation({ ...cancelBatchExportMutation(), ...said("The export is cancelled: at once, or within seconds if it runs.") }),
    retry: useMutation({ ...retryBatchExportMutation(), ...said("The export is in the queue again.") }),
    rerun: useMutation({ ...rerunBatchExportMutation(), ...said("A new export of the same request is in the queue.") }),
    remove: useMutation({
      ...deleteBatchExportMutation(),
      // The dialog shows what failed. The page of what is deleted must be left before anything is asked for again.
      onSuccess: () => toast("The export is deleted. Its files follow within minutes."),
    }),
    download: useMutation({
      mutationFn: async ({ id, file = 0 }: { id: string; file?: number }) => {
        const { data } = await getBatchExportDownloadLink({ path: { id }, query: { file }, throwOnError: true });
        return data;
      },
      onError: toastFailure,
      onSuccess: ({ url, name }) => {
        // The store answers it as an attachment: the page stays.
        window.location.assign(url);
        announce(`${name} is downloading`);
      },
    }),
  };
};
