/** What can be done with an integration. Each answer is shown at once, and what depends on it is asked for again. */
import { useMutation } from "@tanstack/react-query";
import { refetchOperations } from "../../app/query-client.ts";
import { toast, toastFailure } from "../../components/toast.tsx";
import {
  backfillIntegrationMutation,
  deleteIntegrationMutation,
  pauseIntegrationMutation,
  redeliverRejectionsMutation,
  resumeIntegrationMutation,
  runIntegrationMutation,
} from "../../generated/@tanstack/react-query.gen.ts";

export const refetchIntegrations = () =>
  refetchOperations(
    "listIntegrations",
    "getIntegration",
    "listIntegrationRuns",
    "getIntegrationCoverage",
    "listRejections",
    "listAuditLogs",
  );

const said = (text: string) => ({
  onError: toastFailure,
  onSuccess: () => {
    toast(text);
    void refetchIntegrations();
  },
});

const windowsText = (count: number, verb: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? "window" : "windows"} ${verb}`;

export const useIntegrationActions = () => ({
  pause: useMutation({ ...pauseIntegrationMutation(), ...said("Paused. A window that is under way ends first.") }),
  resume: useMutation({ ...resumeIntegrationMutation(), ...said("Deliveries go on where they stopped.") }),
  run: useMutation({ ...runIntegrationMutation(), ...said("What is complete so far is delivered now.") }),
  // Their dialogs show what failed. The page of what is deleted must be left before anything is asked for again.
  remove: useMutation({
    ...deleteIntegrationMutation(),
    onSuccess: () => toast("The integration is deleted. What it delivered stays."),
  }),
  backfill: useMutation({
    ...backfillIntegrationMutation(),
    onSuccess: ({ again, added }) => {
      toast(`${windowsText(again, "to be delivered again")}, ${windowsText(added, "new")}.`);
      void refetchIntegrations();
    },
  }),
  redeliver: useMutation({ ...redeliverRejectionsMutation(), ...said("The windows of these rows are delivered again.") }),
});
