/** Replaces the secret of an endpoint. Both sign for a while, so that the receiver can change over. */
import { useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field, Input } from "../../components/field.tsx";
import { FailedNotice, Notice } from "../../components/states.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { SecretDialog } from "./secret-dialog.tsx";
import { useEndpointActions } from "./use-endpoint-actions.ts";

const hoursMax = 168;

export const RotateDialog = ({ endpoint: { id }, onClose }: { endpoint: WebhookEndpoint; onClose: () => void }) => {
  const [hours, setHours] = useState("24");
  const { rotate } = useEndpointActions();
  if (rotate.data !== undefined) return <SecretDialog title="The secret is rotated" endpoint={rotate.data} onClose={onClose} />;
  const errorOf = fieldErrorsOf(rotate.error);
  return (
    <Dialog
      title="Rotate the secret"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isBusy={rotate.isPending}
            disabled={hours === ""}
            onClick={() => rotate.mutate({ path: { id }, body: { overlapHours: Number(hours) } })}
          >
            Rotate
          </Button>
        </>
      }
    >
      <Field label="Overlap, hours" hint="For so long the former secret signs, too. At most 168, a week." error={errorOf("overlapHours")}>
        {(control) => (
          <Input
            {...control}
            type="number"
            min={0}
            max={hoursMax}
            value={hours}
            onChange={(event) => setHours(event.currentTarget.value)}
          />
        )}
      </Field>
      {hours === "0" ? (
        <Notice tone="warning">The former secret ends at once: the receiver refuses requests until it has the new one.</Notice>
      ) : null}
      {rotate.error === null ? null : <FailedNotice error={rotate.error} />}
    </Dialog>
  );
};
