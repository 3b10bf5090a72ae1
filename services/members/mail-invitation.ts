/** Enqueues the mail of an invitation, with a link that accepts it. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import type { SignInDeps } from "../accounts/sign-in-deps.ts";
import type { Actor } from "../audit/write-audit.ts";

/** `publicUrl`: configured address of the console. */
export type InvitationDeps = Pick<SignInDeps, "newId"> & { publicUrl: string };

/** Ends links that were mailed before. The new one works as long as the invitation. */
export const mailInvitation = async (tx: Database, deps: InvitationDeps, actor: Actor, invitationId: string): Promise<void> => {
  // A link that is being redeemed at this moment is locked: it wins, and takes the invitation with it.
  await execute(
    tx,
    sql`delete from sign_in_links where id in (select id from sign_in_links where invitation_id = ${invitationId} for update skip locked)`,
  );
  const signInLinkId = deps.newId("signInLink");
  await execute(
    tx,
    sql`insert into sign_in_links (id, email, invitation_id, next, created_at, expires_at)
      select ${signInLinkId}, email, id, '/', now(), expires_at from invitations where id = ${invitationId}`,
  );
  await enqueueJob(tx, {
    kind: "mail.send",
    projectId: actor.projectId,
    payload: { signInLinkId, publicUrl: deps.publicUrl },
    dedupeKey: `mail.send:${signInLinkId}`,
    cause: actor,
  });
};
