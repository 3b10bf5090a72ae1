/** Members of the organisation with their roles, and people who are invited. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCommands } from "../../app/commands.ts";
import { useAccount, useProject } from "../../app/use-project.ts";
import { Button } from "../../components/button.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Select } from "../../components/field.tsx";
import { Page } from "../../components/page.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { listMembersOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { Member } from "../../generated/types.gen.ts";
import { Invitations } from "./invitations.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { Leave } from "./leave.tsx";
import "./members-page.css";
import { type Role, reasonAgainstChange, roleAllows, rolesToGive, roleTitles } from "./role-words.ts";
import { useMemberActions } from "./use-members.ts";

export const MembersPage = () => {
  const { organization } = useProject();
  const [isInviting, setInviting] = useState(false);
  const members = useQuery(listMembersOptions());
  useCommands([{ id: "invite", title: "Invite somebody", group: "Members", icon: "mail", keys: "n", run: () => setInviting(true) }]);
  return (
    <Page
      title="Members"
      beside={<span className="muted">of {organization.name}</span>}
      actions={
        <Button variant="primary" icon="mail" onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      <QueryView query={members} label="members" loadingRows={4}>
        {({ data }) => <Members members={data} />}
      </QueryView>
      <Invitations />
      <InviteDialog isOpen={isInviting} onClose={() => setInviting(false)} />
    </Page>
  );
};

const Members = ({ members }: { members: readonly Member[] }) => {
  const { user } = useAccount();
  const columns: Column<Member>[] = [
    {
      id: "member",
      title: "Member",
      cell: ({ email, name, userId }) => (
        <>
          <span className="truncate">
            {name ?? email}
            {userId === user.id ? <span className="muted"> (you)</span> : null}
          </span>
          {name === null ? null : <span className="truncate muted">{email}</span>}
        </>
      ),
    },
    { id: "role", title: "Role", cell: (member) => <MemberRole member={member} members={members} isMe={member.userId === user.id} /> },
    { id: "allows", title: "May", className: "member-allows", cell: ({ role }) => <span className="muted">{roleAllows[role]}</span> },
    { id: "since", title: "Since", cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      id: "action",
      title: "Action",
      isTitleHidden: true,
      align: "end",
      cell: (member) => <RemoveMember member={member} members={members} isMe={member.userId === user.id} />,
    },
  ];
  return (
    <div className="members-table">
      <Table label="Members" columns={columns} rows={members} rowKey={({ id }) => id} />
    </div>
  );
};

type MemberProps = { member: Member; members: readonly Member[] };

const MemberRole = ({ member, members, isMe }: MemberProps & { isMe: boolean }) => {
  const { role: mine, name: organizationName } = useProject().organization;
  const { changeRole } = useMemberActions();
  const [asked, setAsked] = useState<Role | null>(null);
  const reason = reasonAgainstChange(member, mine, members);
  if (reason !== null)
    return (
      <>
        {roleTitles[member.role]} <span className="muted member-reason">{reason}</span>
      </>
    );
  const change = (role: Role, onSuccess?: () => void) =>
    changeRole.mutate({ path: { id: member.id }, body: { role } }, onSuccess && { onSuccess });
  return (
    <>
      <Select
        aria-label={`Role of ${member.email}`}
        value={member.role}
        disabled={changeRole.isPending}
        options={rolesToGive(mine).map((role) => ({ value: role, title: roleTitles[role] }))}
        // A single key changes the choice, and nobody can give a right back to themselves.
        onChange={(role) => (isMe ? setAsked(role) : change(role))}
      />
      {asked === null ? null : (
        <ConfirmDialog
          title={`Become ${roleTitles[asked].toLowerCase()} of ${organizationName}?`}
          action="Change my role"
          isDangerous
          isOpen
          isBusy={changeRole.isPending}
          error={changeRole.error}
          onClose={() => setAsked(null)}
          // What the new role allows shows in every part of the page.
          onConfirm={() => change(asked, () => window.location.assign("/"))}
        >
          <p>{roleAllows[asked]} You cannot take it back by yourself: somebody else has to.</p>
        </ConfirmDialog>
      )}
    </>
  );
};

const RemoveMember = ({ member, members, isMe }: MemberProps & { isMe: boolean }) => {
  const { organization } = useProject();
  const { remove } = useMemberActions();
  const [isAsking, setAsking] = useState(false);
  if (reasonAgainstChange(member, organization.role, members) !== null) return null;
  if (isMe) return <Leave organization={organization} />;
  const onSuccess = () => {
    setAsking(false);
    return toast(`${member.email} is no member any more.`);
  };
  return (
    <>
      <Button size="small" aria-label={`Remove ${member.email}`} onClick={() => setAsking(true)}>
        Remove
      </Button>
      <ConfirmDialog
        title={`Remove ${member.email}?`}
        action="Remove"
        isDangerous
        isOpen={isAsking}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: { id: member.id } }, { onSuccess })}
      >
        <p>
          They lose access to every project of {organization.name} at once. API keys of theirs are refused from then on, too: look at the
          list of keys first, and give programs a key of somebody who stays.
        </p>
      </ConfirmDialog>
    </>
  );
};
