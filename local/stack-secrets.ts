/** Secrets of the local stack, made on its first start and kept in its data directory, with the project that the samples go to. */
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { scopes } from "../core/auth/scopes.ts";
import { hashSecret } from "../core/auth/secret-hash.ts";
import { openPostgres } from "../db/postgres/client.ts";
import { bootstrapProject, newIdWith } from "../services/tenants/bootstrap-project.ts";
import { writePrivate } from "./write-private.ts";

/** Owner of the project, and operator of the stack. */
export const localOwner = "owner@example.com";

type Secrets = {
  salt: string;
  adminKey: string;
  encryptionKey: string;
  project?: { projectId: string; publicKey: string; secretKey: string };
};

/** Creates on first start: salt, admin key, and one organization, project, user, membership and key. */
export const loadStackSecrets = async (file: string, postgresUrl: string): Promise<Secrets> => {
  const made = { salt: randomBytes(32).toString("hex"), adminKey: `admin-${randomUUID()}`, encryptionKey: randomBytes(32).toString("hex") };
  const known: Secrets = existsSync(file) ? { ...made, ...(JSON.parse(readFileSync(file, "utf8")) as Partial<Secrets>) } : made;
  if (known.project !== undefined) {
    writePrivate(file, known);
    return known;
  }
  const postgres = openPostgres(postgresUrl, { connectionsMax: 1 });
  try {
    const { projectId, publicKey, secretKey } = await bootstrapProject(
      {
        db: postgres.db,
        newId: newIdWith(Date.now, (size) => randomBytes(size)),
        newUuid: randomUUID,
        hashSecret: (secretKey) => hashSecret(secretKey, known.salt),
        requestId: "local-stack",
      },
      { organization: "Local organisation", project: "Local project", email: localOwner },
      scopes,
    );
    const secrets = { ...known, project: { projectId, publicKey, secretKey } };
    writePrivate(file, secrets);
    return secrets;
  } finally {
    await postgres.close();
  }
};
