/** Mails about integrations: who gets them, once each, and what they say. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appendEvent } from "../../db/outbox/append-event.ts";
import { execute } from "../../db/postgres/client.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { type MailBox, startMailBox } from "../support/mail-box.ts";

let fixture: Fixture;
let box: MailBox;
let runner: { stop: () => Promise<void> };
beforeAll(async () => {
  fixture = await createFixture();
  box = await startMailBox();
  runner = fixture.startRunner({
    SMTP_CONNECTION_URL: box.url,
    EMAIL_FROM_ADDRESS: "exports@spillway.example",
    SPILLWAY_PUBLIC_URL: "https://spillway.example/",
  });
});
afterAll(async () => {
  await runner.stop();
  await box.stop();
  await fixture.stop();
});

const insertUser = async (role: string): Promise<{ id: string; email: string }> => {
  const [id, email] = [newId("user"), `${randomUUID()}@example.com`];
  await execute(fixture.db, sql`insert into users (id, email) values (${id}, ${email})`);
  await execute(
    fixture.db,
    sql`insert into memberships (id, org_id, user_id, role) values (${newId("membership")}, ${fixture.organizationId}, ${id}, ${role})`,
  );
  return { id, email };
};
const insertIntegration = async (name: string, createdBy: string | null): Promise<string> => {
  const id = newId("integration");
  await execute(
    fixture.db,
    sql`insert into integrations (id, project_id, kind, name, enabled, settings, tables, frequency, mode, created_by)
      values (${id}, ${fixture.projectId}, 'mixpanel', ${name}, false, '{}', '{traces}', 'hourly', 'FULL_HISTORY', ${createdBy})`,
  );
  return id;
};
const tell = (id: string, name: string) =>
  appendEvent(fixture.db, {
    type: "integration.disabled",
    projectId: fixture.projectId,
    objectId: id,
    payload: {
      ...{ integrationId: id, name, kind: "mixpanel", deliveredThrough: "2026-11-28T11:30:00.000Z" },
      error: { code: "SINK_CREDENTIALS_REJECTED", message: "The server answered 401" },
    },
  });
const receivers = (name: string) => box.mails.filter(({ raw }) => raw.includes(name)).flatMap(({ to }) => to);

describe("a mail about an integration", () => {
  it("goes to the user who created it and says what happened, what to do and where", async () => {
    const creator = await insertUser("ADMIN");
    await insertUser("ADMIN");
    const id = await insertIntegration("Of its creator", creator.id);
    await tell(id, "Of its creator");
    const { raw } = await box.find(/Subject: Integration switched off, please act: Of its creator/);
    expect(raw).toMatch(/SINK_CREDENTIALS_REJECTED: The server answered 401\. Copy the project/);
    expect(raw).toContain("Everything written before 2026-11-28 11:30 UTC is delivered.");
    expect(raw).toContain(`https://spillway.example/api/public/integrations/${id}`);
    // Events of one object are handled in order: when the second is here, the first has had its mails.
    await appendEvent(fixture.db, {
      ...{ type: "integration.recovered", projectId: fixture.projectId, objectId: id },
      payload: { integrationId: id, name: "Of its creator", kind: "mixpanel", deliveredThrough: null },
    });
    await box.find(/Subject: Integration works again: Of its creator/);
    expect(receivers("Of its creator")).toEqual([creator.email, creator.email]);
  });

  it("goes to owners and administrators once its creator has left, one to each", async () => {
    const left = await insertUser("ADMIN");
    await insertUser("MEMBER");
    await execute(fixture.db, sql`delete from memberships where user_id = ${left.id}`);
    const id = await insertIntegration("Of nobody", left.id);
    await tell(id, "Of nobody");
    const members = await execute<{ email: string }>(
      fixture.db,
      sql`select u.email from memberships m join users u on u.id = m.user_id where m.org_id = ${fixture.organizationId} and m.role in ('OWNER', 'ADMIN')`,
    );
    for (const { email } of members) await box.find(new RegExp(`To: ${email}[\\s\\S]*Of nobody|Of nobody[\\s\\S]*To: ${email}`));
    expect(receivers("Of nobody").toSorted()).toEqual(members.map(({ email }) => email).toSorted());
  });
});
