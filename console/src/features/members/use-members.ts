/** What can be done with members and invitations. Each answer is shown at once, and the lists are asked for again. */
import { useMutation } from "@tanstack/react-query";
import { refetchOperations } from "../../app/query-client.ts";
import { toast, toastFailure } from "../../components/toast.tsx";
import {
  createInvitationMutation,
  removeMemberMutation,
  resendInvitationMutation,
  revokeInvitationMutation,
  updateMemberMutation,
} from "../../generated/@tanstack/react-query.gen.ts";

const refetch = () => void refetchOperations("listMembers", "listInvitations", "listAuditLogs");

const said = (text: string) => ({
  onSuccess: () => {
    toast(text);
    refetch();
  },
});

export const useMemberActions = () => ({
  changeRole: useMutation({ ...updateMemberMutation(), ...said("The role is changed. It counts from now on."), onError: toastFailure }),
  /** Its dialog shows what failed. */
  remove: useMutation({ ...removeMemberMutation(), onSuccess: refetch }),
});

export const useInvitationActions = () => ({
  /** Its dialog shows what failed. */
  invite: useMutation({ ...createInvitationMutation(), ...said("Invited. The mail is on its way.") }),
  resend: useMutation({ ...resendInvitationMutation(), ...said("Sent again, with a new link."), onError: toastFailure }),
  revoke: useMutation({ ...revokeInvitationMutation(), ...said("The invitation is revoked. Its link ends.") }),
});
