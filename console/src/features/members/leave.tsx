/** The button by which people leave an organisation, after a question. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { leaveOrganizationMutation } from "../../generated/@tanstack/react-query.gen.ts";

export const Leave = ({ organization: { id, name } }: { organization: { id: string; name: string } }) => {
  const leave = useMutation(leaveOrganizationMutation());
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button size="small" aria-label={`Leave ${name}`} onClick={() => setAsking(true)}>
        Leave
      </Button>
      <ConfirmDialog
        title={`Leave ${name}?`}
        action="Leave"
        isDangerous
        isOpen={isAsking}
        isBusy={leave.isPending}
        error={leave.error}
        onClose={() => setAsking(false)}
        // Who has left sees another project, or none.
        onConfirm={() => leave.mutate({ path: { id } }, { onSuccess: () => window.location.assign("/") })}
      >
        <p>
          You lose access to every project of {name} at once. API keys of yours are refused from then on, too: look at the list of keys
          first, and give programs a key of somebody who stays.
        </p>
      </ConfirmDialog>
    </>
  );
};
