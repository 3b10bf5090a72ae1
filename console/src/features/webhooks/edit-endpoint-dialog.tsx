/** Changes an endpoint. The draft begins with what is stored, and no refetch changes it. */
import { useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { FailedNotice } from "../../components/states.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { bodyOf, draftOfEndpoint, EndpointForm } from "./endpoint-form.tsx";
import { useEndpointActions } from "./use-endpoint-actions.ts";

export const EditEndpointDialog = ({ endpoint, onClose }: { endpoint: WebhookEndpoint; onClose: () => void }) => {
  const [draft, setDraft] = useState(() => draftOfEndpoint(endpoint));
  const { update } = useEndpointActions();
  return (
    <Dialog
      title="Edit endpoint"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isBusy={update.isPending}
            onClick={() => update.mutate({ path: { id: endpoint.id }, body: bodyOf(draft) }, { onSuccess: onClose })}
          >
            Save
          </Button>
        </>
      }
    >
      <EndpointForm draft={draft} onChange={setDraft} errorOf={fieldErrorsOf(update.error)} isNew={false} />
      {update.error === null ? null : <FailedNotice error={update.error} />}
    </Dialog>
  );
};
