/** Makes an endpoint, then shows its secret, once. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { useProject } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { bodyOf, EndpointForm, emptyEndpoint } from "./endpoint-form.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { useEndpointActions } from "./use-endpoint-actions.ts";

export const CreateEndpointDialog = ({ onClose }: { onClose: () => void }) => {
  const [draft, setDraft] = useState(emptyEndpoint);
  const { create } = useEndpointActions();
  const navigate = useNavigate();
  const { id: projectId } = useProject();
  const made = create.data;
  if (made !== undefined)
    return (
      <SecretDialog
        title={`“${made.name}” is made`}
        endpoint={made}
        onClose={() => {
          onClose();
          void navigate({ to: "/projects/$projectId/webhooks/$endpointId", params: { projectId, endpointId: made.id } });
        }}
      />
    );
  const submit = () => create.mutate({ body: { ...bodyOf(draft), signing: draft.signing } });
  return (
    <Dialog
      title="New webhook endpoint"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={create.isPending} onClick={submit}>
            Create
          </Button>
        </>
      }
    >
      <EndpointForm draft={draft} onChange={setDraft} errorOf={fieldErrorsOf(create.error)} isNew />
      {create.error === null ? null : <FailedNotice error={create.error} />}
    </Dialog>
  );
};
