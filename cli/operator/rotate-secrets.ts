/** `npm run admin -- rotate-secrets`: seals the secrets of all integrations and webhook endpoints anew, while the API and runners work. May be repeated. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { encryptionShape } from "../../core/integrations/encryption-env.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { openPostgres } from "../../db/postgres/client.ts";
import { repositoryRoot } from "../../local/service.ts";
import { rotateSecrets } from "../../services/rotate-secrets.ts";

const Env = z.object(encryptionShape);

/** Returns the exit status. 0: every secret is sealed with the present key, 1: some could not be opened, 64: misuse. */
export const rotateAllSecrets = async (env: Record<string, string | undefined>): Promise<number> => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = Env.safeParse(given);
  const databaseUrl = given["DATABASE_URL"] ?? localDatabaseUrl(given["SPILLWAY_DATA_DIR"]);
  if (!parsed.success || parsed.data.ENCRYPTION_KEY === undefined || databaseUrl === undefined) {
    for (const { path, message } of parsed.error?.issues ?? []) console.error(`${path.join(".")}: ${message}`);
    console.error("Set ENCRYPTION_KEY to the present key, SPILLWAY_PREVIOUS_ENCRYPTION_KEYS to the former ones, and DATABASE_URL.");
    return 64;
  }
  const { ENCRYPTION_KEY: present, SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: previous } = parsed.data;
  const keyring = createKeyring({ present, previous, randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)) });
  const postgres = openPostgres(databaseUrl, { connectionsMax: 1, applicationName: "spillway-rotate-secrets" });
  try {
    const { rotated, current, failed } = await rotateSecrets(postgres.db, keyring);
    console.log(`${rotated} sealed anew, ${current} already with the present key, ${failed.length} could not be opened.`);
    for (const { id, error } of failed) console.error(`${id}: ${error.code}: ${error.message}`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await postgres.close();
  }
};

const localDatabaseUrl = (dataDir: string | undefined): string | undefined => {
  const file = join(dataDir ?? join(repositoryRoot, ".spillway"), "stack.json");
  if (!existsSync(file)) return undefined;
  return z.object({ postgresUrl: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).postgresUrl;
};
