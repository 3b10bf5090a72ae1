/** Asks before a draft is left. */
import { useBlocker } from "@tanstack/react-router";
import { ConfirmDialog } from "../../components/dialog.tsx";

/** `isLeaving` tells of a page that leaves by itself, after it has saved. */
export const LeaveDialog = ({ isDirty, isLeaving }: { isDirty: boolean; isLeaving: () => boolean }) => {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && !isLeaving() && current.pathname !== next.pathname,
    enableBeforeUnload: () => isDirty && !isLeaving(),
    withResolver: true,
  });
  return (
    <ConfirmDialog
      title="Discard what you have typed?"
      action="Discard"
      isDangerous
      isOpen={status === "blocked"}
      isBusy={false}
      error={null}
      onClose={() => reset?.()}
      onConfirm={() => proceed?.()}
    >
      <p>It is not saved.</p>
    </ConfirmDialog>
  );
};
