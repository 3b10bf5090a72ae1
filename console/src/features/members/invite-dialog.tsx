/** Invites somebody by mail, with a role. */
import { useState } from "react";
import { fieldError, isShownByFields } from "../../app/api-error.ts";
import { useProject } from "../../app/use-project.ts";
import { FormDialog } from "../../components/dialog.tsx";
import { Field, Input, Select } from "../../components/field.tsx";
import { type Role, roleAllows, rolesToGive, roleTitles } from "./role-words.ts";
import { useInvitationActions } from "./use-members.ts";

export const InviteDialog = ({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) =>
  isOpen ? <OpenInviteDialog onClose={onClose} /> : null;

const OpenInviteDialog = ({ onClose }: { onClose: () => void }) => {
  const { role: mine, name } = useProject().organization;
  const { invite } = useInvitationActions();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("MEMBER");
  return (
    <FormDialog
      title={`Invite somebody to ${name}`}
      action="Send the invitation"
      isOpen
      isBusy={invite.isPending}
      error={invite.error === null || isShownByFields(invite.error, ["email", "role"]) ? null : invite.error}
      onClose={onClose}
      onSubmit={() => invite.mutate({ body: { email: email.trim(), role } }, { onSuccess: onClose })}
    >
      <p>They get a mail with a link that signs them in. It works for 7 days.</p>
      <Field label="Mail address" error={fieldError(invite.error, "email")}>
        {(control) => (
          <Input {...control} type="email" autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />
        )}
      </Field>
      <Field
        label="Role"
        hint={`${roleAllows[role]}${mine === "OWNER" ? "" : " Only owners invite owners."}`}
        error={fieldError(invite.error, "role")}
      >
        {(control) => (
          <Select
            {...control}
            value={role}
            options={rolesToGive(mine).map((each) => ({ value: each, title: roleTitles[each] }))}
            onChange={setRole}
          />
        )}
      </Field>
    </FormDialog>
  );
};
