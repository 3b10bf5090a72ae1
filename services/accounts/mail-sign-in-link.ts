/** Enqueues the mail with a sign-in link, if the address that asked is known. */
import { sql } from "drizzle-orm";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { findPerson } from "./find-person.ts";

/** `publicUrl`: configured address of the console. Never that of the request, which its sender chooses. */
type LinkMail = { linkId: string; email: string; publicUrl: string };

/** Does nothing for an unknown address, or a person without any project: they have nothing to sign in to. */
export const mailSignInLink = (db: Database, { linkId, email, publicUrl }: LinkMail, cause: JobCause): Promise<void> =>
  transaction(db, async (tx) => {
    const person = await findPerson(tx, email);
    if (person === undefined || person.projectId === null) return;
    await execute(
      tx,
      sql`update sign_in_links set user_id = ${person.userId}, invitation_id = ${person.invitationId} where id = ${linkId}`,
    );
    await enqueueJob(tx, {
      kind: "mail.send",
      projectId: person.projectId,
      payload: { signInLinkId: linkId, publicUrl },
      dedupeKey: `mail.send:${linkId}`,
      cause,
    });
  });
