/** Sends many deliveries again: all that failed, or those of a type or time. */
import { useState } from "react";
import { fieldErrorsOf } from "../../app/field-errors.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field, Select } from "../../components/field.tsx";
import { InstantField } from "../../components/instant-field.tsx";
import { fromLocal } from "../../components/local-instant.ts";
import { FailedNotice } from "../../components/states.tsx";
import type { WebhookEndpoint } from "../../generated/types.gen.ts";
import { type EventType, eventTypes } from "./event-types.ts";
import { useEndpointActions } from "./use-endpoint-actions.ts";

type Selection = { state: "failed" | "delivered"; type: EventType | ""; from: string; to: string };

export const RedeliverDialog = ({ endpoint: { id }, onClose }: { endpoint: WebhookEndpoint; onClose: () => void }) => {
  const [{ state, type, from, to }, setSelection] = useState<Selection>({ state: "failed", type: "", from: "", to: "" });
  const change = (part: Partial<Selection>) => setSelection((before) => ({ ...before, ...part }));
  const { redeliverMany } = useEndpointActions();
  const errorOf = fieldErrorsOf(redeliverMany.error);
  const submit = () => {
    const [start, end] = [fromLocal(from), fromLocal(to)];
    const body = { state, ...(type && { type }), ...(start && { from: start }), ...(end && { to: end }) };
    redeliverMany.mutate({ path: { id }, body }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title="Redeliver many"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" icon="retry" isBusy={redeliverMany.isPending} onClick={submit}>
            Redeliver
          </Button>
        </>
      }
    >
      <p className="muted">
        Events are sent again with the same ids and bodies, in order for each object. Test events are left out, and what waits is sent now.
      </p>
      <Field label="Deliveries" error={errorOf("state")}>
        {(control) => (
          <Select
            {...control}
            value={state}
            options={[
              { value: "failed", title: "All that failed" },
              { value: "delivered", title: "Those that were delivered" },
            ]}
            onChange={(value) => change({ state: value })}
          />
        )}
      </Field>
      <Field label="Event" error={errorOf("type")}>
        {(control) => (
          <Select
            {...control}
            value={type}
            options={[{ value: "", title: "All types" }, ...eventTypes.map((value) => ({ value, title: value }))]}
            onChange={(value) => change({ type: value })}
          />
        )}
      </Field>
      <InstantField
        label="From"
        hint="Empty: from the first."
        value={from}
        error={errorOf("from")}
        onChange={(value) => change({ from: value })}
      />
      <InstantField label="To" hint="Empty: to the last." value={to} error={errorOf("to")} onChange={(value) => change({ to: value })} />
      {redeliverMany.error === null ? null : <FailedNotice error={redeliverMany.error} />}
    </Dialog>
  );
};
