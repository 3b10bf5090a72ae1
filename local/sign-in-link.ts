/** A link that signs in to the console of a running stack as the owner of its project. */
import { randomBytes } from "node:crypto";
import { openPostgres } from "../db/postgres/client.ts";
import { createConsoleLink } from "../services/accounts/create-console-link.ts";
import { newIdWith } from "../services/tenants/bootstrap-project.ts";
import type { StackFile } from "./stack-file.ts";
import { localOwner } from "./stack-secrets.ts";

/** Works once and for 15 minutes. */
export const createSignInLink = async (
  { consoleUrl, postgresUrl }: Pick<StackFile, "consoleUrl" | "postgresUrl">,
  email = localOwner,
): Promise<string> => {
  const postgres = openPostgres(postgresUrl, { connectionsMax: 1 });
  try {
    const deps = { newId: newIdWith(Date.now, (size) => randomBytes(size)), randomBytes: (size: number) => randomBytes(size) };
    return `${consoleUrl}${await createConsoleLink(postgres.db, deps, { email })}`;
  } finally {
    await postgres.close();
  }
};
