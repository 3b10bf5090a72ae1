/** People of a test: users with a role in an organisation of their own, and browsers in which they are signed in. */
import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { expect } from "vitest";
import type { Role } from "../../core/auth/scopes.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { createConsoleLink } from "../../services/accounts/create-console-link.ts";
import { newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { createMembership } from "../../services/tenants/create-membership.ts";
import { createOrganization } from "../../services/tenants/create-organization.ts";
import { createProject } from "../../services/tenants/create-project.ts";
import { createUser } from "../../services/tenants/create-user.ts";
import { type Browser, openBrowser } from "./browser.ts";

export type Team = { organizationId: string; projectId: string };
export type Member = { userId: string; email: string };

export const usePeople = (of: { db: () => Database; apiUrl: () => string }) => {
  const newId = newIdWith(Date.now, (size) => randomBytes(size));
  const deps = () => ({
    db: of.db(),
    newId,
    newUuid: randomUUID,
    hashSecret: () => Promise.reject(new Error("nobody here has a key")),
    requestId: "test",
  });
  const join = async (
    { organizationId }: Team,
    role: Role,
    email = `${role.toLowerCase()}-${randomUUID()}@example.com`,
  ): Promise<Member> => {
    const { id: userId } = await createUser(deps(), { email });
    await createMembership(deps(), { organizationId, userId, role });
    return { userId, email };
  };
  const signIn = async ({ email }: Pick<Member, "email">, browser: Browser = openBrowser(of.apiUrl())): Promise<Browser> => {
    const signedIn = await browser.follow(await createConsoleLink(of.db(), { newId, randomBytes }, { email }));
    expect([signedIn.status, signedIn.json]).toEqual([200, { next: "/" }]);
    return browser;
  };
  return {
    newTeam: async (name = "team"): Promise<Team> => {
      const { id: organizationId } = await createOrganization(deps(), { name });
      const { id: projectId } = await createProject(deps(), { organizationId, name: `${name} project` });
      return { organizationId, projectId };
    },
    join,
    linkOf: ({ email }: Pick<Member, "email">, next?: string) =>
      createConsoleLink(of.db(), { newId, randomBytes }, { email, ...(next === undefined ? {} : { next }) }),
    signIn,
    signedIn: async (team: Team, role: Role): Promise<Member & { browser: Browser }> => {
      const member = await join(team, role);
      return { ...member, browser: await signIn(member) };
    },
    /** Moves instants of a session's row into the past. */
    age: (userId: string, column: "expires_at" | "last_seen_at", interval: string) =>
      execute(
        of.db(),
        sql`update sessions set ${sql.identifier(column)} = ${sql.identifier(column)} - ${interval}::interval where user_id = ${userId}`,
      ),
  };
};
