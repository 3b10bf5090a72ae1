/** What can be done with endpoints and deliveries. Each answer is shown at once, and what depends on it is asked for again. */
import { useMutation } from "@tanstack/react-query";
import { refetchOperations } from "../../app/query-client.ts";
import { countText } from "../../components/quantity.ts";
import { toast, toastFailure } from "../../components/toast.tsx";
import {
  createWebhookEndpointMutation,
  deleteWebhookEndpointMutation,
  redeliverWebhookDeliveriesMutation,
  redeliverWebhookDeliveryMutation,
  rotateWebhookSecretMutation,
  testWebhookEndpointMutation,
  updateWebhookEndpointMutation,
} from "../../generated/@tanstack/react-query.gen.ts";

export const refetchWebhooks = () =>
  refetchOperations("listWebhookEndpoints", "getWebhookEndpoint", "listWebhookDeliveries", "getWebhookDelivery", "listAuditLogs");

const said = (text: string) => {
  toast(text);
  void refetchWebhooks();
};

export const useEndpointActions = () => ({
  // Their answers hold secrets: nothing keeps them but the dialog that shows them. Dialogs also show what failed.
  create: useMutation({ ...createWebhookEndpointMutation(), gcTime: 0, onSuccess: () => void refetchWebhooks() }),
  rotate: useMutation({ ...rotateWebhookSecretMutation(), gcTime: 0, onSuccess: () => void refetchWebhooks() }),
  update: useMutation({ ...updateWebhookEndpointMutation(), onSuccess: () => said("Saved.") }),
  enable: useMutation({
    ...updateWebhookEndpointMutation(),
    onError: toastFailure,
    onSuccess: ({ enabled }) =>
      said(enabled ? "The endpoint is on. What failed meanwhile can be redelivered." : "The endpoint is off. Events are kept as failed."),
  }),
  // The page of what is deleted must be left before anything is asked for again.
  remove: useMutation({ ...deleteWebhookEndpointMutation(), onSuccess: () => toast("The endpoint is deleted.") }),
  test: useMutation({ ...testWebhookEndpointMutation(), onSuccess: () => said("The test is on its way.") }),
  redeliver: useMutation({
    ...redeliverWebhookDeliveryMutation(),
    onError: toastFailure,
    onSuccess: () => said("The event is sent again."),
  }),
  redeliverMany: useMutation({
    ...redeliverWebhookDeliveriesMutation(),
    onSuccess: ({ redelivered, hasMore }) =>
      said(
        `${redelivered === 1 ? "1 event is" : `${countText(redelivered)} events are`} sent again.${hasMore ? " There are more: do it once more." : ""}`,
      ),
  }),
});
