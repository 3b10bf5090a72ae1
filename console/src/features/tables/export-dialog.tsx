/** Exports what the table shows: options on one side, what they lead to on the other. Nothing is made before the button is pressed. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { refetchOperations } from "../../app/query-client.ts";
import { useDebounced } from "../../app/use-debounced.ts";
import { useProject } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { FailedNotice } from "../../components/states.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { createBatchExportMutation } from "../../generated/@tanstack/react-query.gen.ts";
import type { ExportTable } from "../../generated/types.gen.ts";
import { CopyAs } from "./copy-as-panel.tsx";
import "./export-dialog.css";
import { type ExportDraft, faultsOf, newExport, requestOf } from "./export-draft.ts";
import { ExportForm } from "./export-form.tsx";
import { ExportPreview } from "./export-preview.tsx";
import { ExportSize } from "./export-size.tsx";
import { FieldFaults } from "./field-faults.tsx";
import { pageOf } from "./table-pages.ts";
import { previewOptions } from "./table-queries.ts";
import { exportQueryOf } from "./table-view.ts";
import { useIdempotencyKey } from "./use-idempotency-key.ts";
import type { TableView } from "./use-table-view.ts";

type ExportDialogProps = { table: ExportTable; view: TableView; onClose: () => void };
type Side = "preview" | "copy";

const quietMs = 500;

export const ExportDialog = ({ table, view: { name, search, nowMs }, onClose }: ExportDialogProps) => {
  const { id: projectId } = useProject();
  const navigate = useNavigate();
  // A copy: what changes behind the dialog changes nothing in it.
  const [query] = useState(() => exportQueryOf(table, name, search, nowMs));
  const [draft, setDraft] = useState<ExportDraft>(newExport);
  const [side, setSide] = useState<Side>("preview");
  const { keyFor } = useIdempotencyKey();
  const faults = faultsOf(draft);
  const isFaulty = Object.keys(faults).length > 0;
  const request = requestOf(query, draft);
  const previewed = useDebounced(request, quietMs);
  const preview = useQuery({ ...previewOptions(previewed), enabled: !isFaulty, retry: false });
  const create = useMutation({
    ...createBatchExportMutation(),
    onSuccess: ({ id }) => {
      void refetchOperations("listBatchExports");
      void navigate({ to: "/projects/$projectId/exports/$exportId", params: { projectId, exportId: id } });
    },
  });
  const start = () => {
    if (!isFaulty) create.mutate({ body: request, headers: { "idempotency-key": keyFor(request) } });
  };
  return (
    <Dialog
      title={`Export ${pageOf(name).title.toLowerCase()}`}
      isOpen
      isFull
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button variant="primary" icon="export" isBusy={create.isPending} disabled={isFaulty} onClick={start}>
            Start export
          </Button>
        </>
      }
    >
      <div className="export-dialog">
        <ExportForm draft={draft} faults={faults} columns={query.columns ?? []} onChange={setDraft} />
        <div className="export-outcome">
          {create.error === null ? null : (
            <>
              <FailedNotice error={create.error} />
              <FieldFaults error={create.error} />
            </>
          )}
          <ExportSize table={table} name={name} request={request} preview={preview.data} />
          <Tabs
            label="What the export makes"
            tabs={[
              { id: "preview", title: "Preview" },
              { id: "copy", title: "Copy as" },
            ]}
            selected={side}
            onSelect={setSide}
          >
            {side === "preview" ? <ExportPreview query={preview} /> : <CopyAs request={request} />}
          </Tabs>
        </div>
      </div>
    </Dialog>
  );
};
