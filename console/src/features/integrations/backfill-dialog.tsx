/** Asks for a range whose windows are delivered again. */
import { useState } from "react";
import { factsOf } from "../../app/api-error.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { InstantField } from "../../components/instant-field.tsx";
import { fromLocal, toLocal } from "../../components/local-instant.ts";
import { FailedNotice } from "../../components/states.tsx";
import { useIntegrationActions } from "./use-integration-actions.ts";

const dayMs = 24 * 3_600_000;

/** The last day, to the full hour. */
const lastDay = (): { from: string; to: string } => {
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  return { from: toLocal(new Date(hour - dayMs).toISOString()), to: toLocal(new Date(hour).toISOString()) };
};

export const BackfillDialog = ({ id, onClose }: { id: string; onClose: () => void }) => {
  const { backfill } = useIntegrationActions();
  const [{ from, to }, setRange] = useState(lastDay);
  const fields = backfill.error === null ? [] : factsOf(backfill.error).fields;
  const errorOf = (path: string) => fields.find((field) => field.path === path)?.message;
  const [start, end] = [fromLocal(from), fromLocal(to)];
  const isOrdered = start !== null && end !== null && start < end;
  return (
    <Dialog
      title="Deliver a range again"
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            icon="retry"
            isBusy={backfill.isPending}
            disabled={!isOrdered}
            onClick={() => isOrdered && backfill.mutate({ path: { id }, body: { from: start, to: end } }, { onSuccess: onClose })}
          >
            Deliver again
          </Button>
        </>
      }
    >
      <p className="muted">
        Every window that touches the range is delivered again, with the rows as they are now: files to the same keys, events with the same
        ids. Parts of the range that no window covers become new windows. It goes on beside the schedule.
      </p>
      <InstantField label="From" value={from} error={errorOf("from")} onChange={(value) => setRange({ from: value, to })} />
      <InstantField
        label="To"
        hint="Rows that were written before."
        value={to}
        error={errorOf("to") ?? (start !== null && end !== null && !isOrdered ? "Must be later than the start." : undefined)}
        onChange={(value) => setRange({ from, to: value })}
      />
      {backfill.error === null ? null : <FailedNotice error={backfill.error} />}
    </Dialog>
  );
};
