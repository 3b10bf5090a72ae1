/** Buttons of an export: the one action that follows from its state, or all of them. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCan, useProject } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import type { IconName } from "../../components/icon.tsx";
import type { BatchExportSummary } from "../../generated/types.gen.ts";
import { actionsOf, type ExportAction, scopeOf } from "./export-state.ts";
import { refetchExports, useExportActions } from "./use-export-actions.ts";

const looks: Record<ExportAction, { title: string; icon: IconName }> = {
  cancel: { title: "Cancel", icon: "stop" },
  download: { title: "Download", icon: "export" },
  retry: { title: "Retry", icon: "retry" },
  rerun: { title: "Run again", icon: "play" },
  delete: { title: "Delete", icon: "trash" },
};

type ActionsProps = {
  export: Pick<BatchExportSummary, "id" | "name" | "status" | "isExpired" | "isDownloadable" | "cancelRequestedAt" | "progress">;
  /** In a list: the first action only, small. */
  isShort?: boolean;
};

export const ExportActions = ({ export: one, isShort = false }: ActionsProps) => {
  const { id, name } = one;
  const can = useCan();
  const navigate = useNavigate();
  const { id: projectId } = useProject();
  const { cancel, retry, rerun, remove, download } = useExportActions();
  const [isDeleting, setDeleting] = useState(false);
  const run: Record<ExportAction, { go: () => void; isBusy: boolean }> = {
    cancel: { go: () => cancel.mutate({ path: { id } }), isBusy: cancel.isPending },
    download: { go: () => download.mutate({ id }), isBusy: download.isPending },
    retry: { go: () => retry.mutate({ path: { id } }), isBusy: retry.isPending },
    rerun: {
      go: () =>
        rerun.mutate(
          { path: { id } },
          {
            onSuccess: (made) =>
              isShort ? undefined : navigate({ to: "/projects/$projectId/exports/$exportId", params: { projectId, exportId: made.id } }),
          },
        ),
      isBusy: rerun.isPending,
    },
    delete: { go: () => setDeleting(true), isBusy: false },
  };
  const leave = async () => {
    await navigate({ to: "/projects/$projectId/exports", params: { projectId } });
    await refetchExports();
  };
  const allowed = actionsOf(one).filter((action) => can(scopeOf(action)));
  return (
    <>
      {(isShort ? allowed.slice(0, 1) : allowed).map((action, index) => (
        <Button
          key={action}
          size={isShort ? "small" : "normal"}
          variant={!isShort && index === 0 && action !== "cancel" ? "primary" : "secondary"}
          icon={looks[action].icon}
          isBusy={run[action].isBusy}
          onClick={run[action].go}
          {...(isShort && { "aria-label": `${looks[action].title} ${name}` })}
        >
          {looks[action].title}
        </Button>
      ))}
      <ConfirmDialog
        title={`Delete “${name}”?`}
        action="Delete"
        isDangerous
        isOpen={isDeleting}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setDeleting(false)}
        onConfirm={() => remove.mutate({ path: { id } }, { onSuccess: leave })}
      >
        <p>The export leaves the list at once and its files leave the store within minutes. Nobody can download them any more.</p>
      </ConfirmDialog>
    </>
  );
};
