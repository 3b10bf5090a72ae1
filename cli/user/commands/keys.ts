/**
 * `keys …`: API keys of the project. A new secret exists nowhere else: it is stored as a profile, or printed once by the command that made
 * it, if asked to.
 */
import type { Command } from "@commander-js/extra-typings";
import type { ApiKey, ApiKeyWithSecret, CreateApiKey } from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { parseDurationMs, parseInstant } from "../filter/parse-instant.ts";
import { type Colors, clip, formatFacts } from "../output/output.ts";
import { formatDistance } from "../output/quantities.ts";
import { findProfile } from "../profiles/find-profile.ts";
import { loadProfiles, saveProfiles } from "../profiles/profile-store.ts";
import { namesAmong } from "./option-values.ts";

type Scope = CreateApiKey["scopes"][number];
/** The compiler asks for scopes that are added to the API. */
const scopes = Object.keys({
  "batchExports:create": true,
  "batchExports:read": true,
  "integrations:CRUD": true,
  "ingestion:write": true,
  "traces:read": true,
  "webhooks:CRUD": true,
  "comments:CRUD": true,
  "auditLogs:read": true,
  "models:CUD": true,
  "apiKeys:CRUD": true,
  "members:CRUD": true,
} satisfies Record<Scope, true>) as Scope[];

/** Where a secret goes: one of the two is needed before anything is made. */
type SecretOptions = { store?: string | undefined; print?: true | undefined };

export const addKeyCommands = (program: Command, run: Run): void => {
  const group = program.command("keys").description("Create, list, rotate and revoke API keys of the project");
  group
    .command("list")
    .description("List the keys of the project, without secrets")
    .action((_options, command) => run(command, list));
  group
    .command("create")
    .description("Create a key")
    .requiredOption("--scopes <names>", "scopes, separated by commas: at most those of your own key", namesAmong(scopes))
    .option("--note <text>", "what the key is for")
    .option("--expires <when>", "when it ends: 90d from now, 2027-01-01, 2027-01-01T12:00:00Z")
    .option("--store <profile>", "store the key as a profile")
    .option("--print", "print the secret, which is shown only now")
    .action((options, command) => run(command, (context) => create(context, options)));
  group
    .command("rotate")
    .description("Give a key a new secret; the former one stays valid for a while")
    .argument("<id>", "id of the key")
    .option("--overlap <duration>", "how long the former secret stays valid: 0s to 7d; 24 hours by default")
    .option("--store <profile>", "store the key as a profile")
    .option("--print", "print the secret, which is shown only now")
    .action((id, options, command) => run(command, (context) => rotate(context, id, options)));
  group
    .command("revoke")
    .description("End a key at once, with all its secrets")
    .argument("<id>", "id of the key")
    .action((id, _options, command) =>
      run(command, async ({ output, openClient }) => {
        await (await openClient()).apiKeys.revoke(id);
        output.document({ id, revoked: true }, () => `The key ${id} is revoked.`);
      }),
    );
};

const list = async ({ output, terminal, openClient }: Context): Promise<void> => {
  const client = await openClient();
  await output.rows(client.apiKeys.list({ limit: 100 }), {
    head: ["id", "public key", "secret", "last used", "expires", "scopes", "note"],
    cells: (key) => [
      key.id,
      key.publicKey,
      clip(key.displaySecretKey),
      formatDistance(key.lastUsedAt, terminal.nowMs()),
      formatDistance(key.expiresAt, terminal.nowMs()),
      key.scopes.join(" "),
      clip(key.note),
    ],
    empty: "No keys.",
  });
};

type CreateOptions = SecretOptions & { scopes: Scope[]; note?: string | undefined; expires?: string | undefined };

const create = async (context: Context, { scopes: wanted, note, expires, ...secret }: CreateOptions): Promise<void> => {
  await requirePlace(secret);
  const client = await context.openClient();
  const made = await client.apiKeys.create({
    scopes: wanted,
    ...(note === undefined ? {} : { note }),
    ...(expires === undefined ? {} : { expiresAt: parseExpiry(expires, context.terminal.nowMs()) }),
  });
  await handOver(context, made, secret);
};

const rotate = async (
  context: Context,
  id: string,
  { overlap, ...secret }: SecretOptions & { overlap?: string | undefined },
): Promise<void> => {
  await requirePlace(secret);
  const overlapMs = overlap === undefined ? undefined : parseDurationMs(overlap);
  if (overlap !== undefined && overlapMs === undefined)
    throw usageError(`--overlap ${JSON.stringify(overlap)} is no duration, such as 0s, 1h or 7d.`);
  const client = await context.openClient();
  await handOver(context, await client.apiKeys.rotate(id, overlapMs === undefined ? {} : { overlapSeconds: overlapMs / 1000 }), secret);
};

/** Also tries the file of profiles: a secret that cannot be stored is lost. */
const requirePlace = async ({ store, print }: SecretOptions): Promise<void> => {
  if (store === undefined && print === undefined)
    throw usageError("Where shall the secret go? It is shown only once.", {
      help: "--store PROFILE keeps it as a login of this machine, --print writes it to stdout.",
    });
  if (store !== undefined) await saveProfiles(await loadProfiles());
};

/** A duration counts from now on. */
const parseExpiry = (text: string, nowMs: number): string => {
  const durationMs = parseDurationMs(text);
  return durationMs === undefined ? parseInstant(text, nowMs) : new Date(nowMs + durationMs).toISOString();
};

/** The secret leaves this function only as it was asked for. */
const handOver = async (context: Context, { secretKey, ...key }: ApiKeyWithSecret, { store, print }: SecretOptions): Promise<void> => {
  const { output, terminal } = context;
  if (store !== undefined) {
    const { url } = await findProfile(terminal.env, context.profileName);
    const { current, profiles } = await loadProfiles();
    await saveProfiles({ current: current ?? store, profiles: { ...profiles, [store]: { url, publicKey: key.publicKey, secretKey } } });
    output.note(`Stored as profile ${JSON.stringify(store)}.`);
  }
  const shown = print === true ? { ...key, secretKey } : key;
  output.document(shown, () => showKey(shown, output.colors, terminal.nowMs()));
};

const showKey = (key: ApiKey & { secretKey?: string }, paint: Colors, nowMs: number): string =>
  formatFacts(
    [
      ["id", key.id],
      ["public key", key.publicKey],
      ["secret key", key.secretKey],
      ["scopes", key.scopes.join(" ")],
      ["note", clip(key.note, 200)],
      ["expires", formatDistance(key.expiresAt, nowMs)],
      ["former secret", key.previousSecretExpiresAt === null ? undefined : `valid ${formatDistance(key.previousSecretExpiresAt, nowMs)}`],
    ],
    paint,
  );
