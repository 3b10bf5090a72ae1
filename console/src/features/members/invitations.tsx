/** People who are invited and have not come yet. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useProject } from "../../app/use-project.ts";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listInvitationsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Invitation } from "../../generated/types.gen.ts";
import { rolesToGive, roleTitles } from "./role-words.ts";
import { useInvitationActions } from "./use-members.ts";

export const Invitations = () => {
  const invitations = useQuery(listInvitationsOptions());
  return (
    <>
      <h2>Invitations</h2>
      <QueryView
        query={invitations}
        label="invitations"
        loadingRows={2}
        isEmpty={({ data }) => data.length === 0}
        empty={<p className="muted">Nobody is invited at the moment. Who accepts becomes a member.</p>}
      >
        {({ data }) => <Table label="Invitations" columns={columns} rows={data} rowKey={({ id }) => id} />}
      </QueryView>
    </>
  );
};

const isExpired = ({ expiresAt }: Pick<Invitation, "expiresAt">): boolean => Date.parse(expiresAt) <= Date.now();

const columns: Column<Invitation>[] = [
  { id: "email", title: "Invited", cell: ({ email }) => email },
  { id: "role", title: "As", cell: ({ role }) => roleTitles[role] },
  { id: "sent", title: "Mailed", cell: ({ sentAt }) => <Time at={sentAt} form="relative" /> },
  {
    id: "expires",
    title: "Expires",
    cell: (invitation) => (isExpired(invitation) ? <Badge>Expired</Badge> : <Time at={invitation.expiresAt} form="relative" />),
  },
  { id: "action", title: "Action", isTitleHidden: true, align: "end", cell: (invitation) => <Actions {...invitation} /> },
];

const Actions = ({ id, email, role }: Invitation) => {
  const { role: mine } = useProject().organization;
  const { resend, revoke } = useInvitationActions();
  const [isAsking, setAsking] = useState(false);
  if (!rolesToGive(mine).includes(role)) return <span className="muted">Only owners change this</span>;
  return (
    <span className="row-actions">
      <Button
        size="small"
        icon="mail"
        isBusy={resend.isPending}
        aria-label={`Send again to ${email}`}
        onClick={() => resend.mutate({ path: { id } })}
      >
        Send again
      </Button>
      <Button size="small" aria-label={`Revoke the invitation of ${email}`} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <ConfirmDialog
        title={`Revoke the invitation of ${email}?`}
        action="Revoke"
        isDangerous
        isOpen={isAsking}
        isBusy={revoke.isPending}
        error={revoke.error}
        onClose={() => setAsking(false)}
        onConfirm={() => revoke.mutate({ path: { id } })}
      >
        <p>The link in the mail ends at once. You can invite them again.</p>
      </ConfirmDialog>
    </span>
  );
};
