/** Sends the sample of an event, and opens its delivery. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field, Select } from "../../components/field.tsx";
import { FailedNotice } from "../../components/states.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { type EventType, eventTypes, meaningOf } from "./event-types.ts";
import { useEndpointActions } from "./use-endpoint-actions.ts";

type TestProps = { endpoint: WebhookEndpoint; onClose: () => void; onSent: (deliveryId: string) => void };

export const TestDialog = ({ endpoint, onClose, onSent }: TestProps) => {
  const [type, setType] = useState<EventType>(endpoint.eventTypes?.[0] ?? "export.completed");
  const { test } = useEndpointActions();
  return (
    <Dialog
      title="Send a test"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isBusy={test.isPending}
            onClick={() =>
              test.mutate(
                { path: { id: endpoint.id }, body: { type } },
                {
                  onSuccess: ({ id }) => {
                    onClose();
                    onSent(id);
                  },
                },
              )
            }
          >
            Send
          </Button>
        </>
      }
    >
      <p className="muted">
        Sends a sample once, with the header <code>webhook-test: true</code>, also while the endpoint is off.
      </p>
      <Field label="Event" hint={`${meaningOf(type)}.`}>
        {(control) => (
          <Select {...control} value={type} options={eventTypes.map((value) => ({ value, title: value }))} onChange={setType} />
        )}
      </Field>
      {test.error === null ? null : <FailedNotice error={test.error} />}
    </Dialog>
  );
};
