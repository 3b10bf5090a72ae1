/** `login`, `logout` and `profiles`: which server, and whose keys. Keys are read from a hidden prompt, stdin or the environment, never from arguments. */
import { text as readText } from "node:stream/consumers";
import * as prompts from "@clack/prompts";
import type { Command } from "@commander-js/extra-typings";
import { SpillwayError } from "../../../openapi/client/index.ts";
import { type Context, clientOf, type Run } from "../context.ts";
import { CommandError, usageError } from "../exit-codes.ts";
import { printable } from "../output/printable.ts";
import { checkedUrl, profileOfEnvironment } from "../profiles/find-profile.ts";
import { loadProfiles, type Profile, profilesFile, saveProfiles } from "../profiles/profile-store.ts";
import { isInteractive } from "../terminal.ts";

type LoginOptions = { url?: string; publicKey?: string; secretKeyStdin?: true };

export const addLogin = (program: Command, run: Run): void => {
  program
    .command("login")
    .description("Check an address and keys, and store them as a profile")
    .option("--url <url>", "address of the server")
    .option("--public-key <key>", "public key, pk-lf-…")
    .option("--secret-key-stdin", "read the secret key from stdin")
    .addHelpText(
      "after",
      "\nThe secret key is asked for. Other ways are stdin and SPILLWAY_SECRET_KEY; arguments would show it to other users of the machine.",
    )
    .action((options, command) => run(command, (context) => login(context, options)));
  program
    .command("logout")
    .description("Forget the keys of the profile")
    .action((_options, command) => run(command, logout));
  const profiles = program.command("profiles").description("List the stored profiles, or choose the current one");
  profiles
    .command("list", { isDefault: true })
    .description("List the stored profiles")
    .action((_options, command) => run(command, listProfiles));
  profiles
    .command("use")
    .description("Make a profile the current one")
    .argument("<name>", "name of the profile")
    .action((name, _options, command) => run(command, (context) => useProfile(context, name)));
};

const login = async (context: Context, options: LoginOptions): Promise<void> => {
  const { terminal, output } = context;
  const name = context.profileName ?? "default";
  const profile = await askProfile(context, options);
  const url = new URL(profile.url);
  if (url.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname))
    output.note(output.colors.yellow("The address is not https: others on the way can read the keys."));
  const project = await checkKeys(profile, terminal);
  const { profiles } = await loadProfiles();
  await saveProfiles({ current: name, profiles: { ...profiles, [name]: profile } });
  output.document({ profile: name, url: profile.url, publicKey: profile.publicKey, project }, () =>
    [
      `Logged in to ${profile.url}${project === null ? "" : `, project ${printable(project.name)}`}.`,
      `Stored as profile ${JSON.stringify(name)} in ${profilesFile()}.`,
    ].join("\n"),
  );
};

/** Asks for what is given neither by options nor by the environment. */
const askProfile = async ({ terminal }: Context, { url, publicKey, secretKeyStdin }: LoginOptions): Promise<Profile> => {
  const given =
    url === undefined && publicKey === undefined && secretKeyStdin === undefined ? profileOfEnvironment(terminal.env) : undefined;
  if (given !== undefined) return given;
  const canAsk = isInteractive(terminal) && secretKeyStdin === undefined;
  const need = async (value: string | undefined, option: string, ask: () => Promise<string | symbol>): Promise<string> => {
    if (value !== undefined && value.trim() !== "") return value.trim();
    if (!canAsk)
      throw usageError(`${option} is missing, and there is no terminal to ask at.`, {
        help: "Set SPILLWAY_URL, SPILLWAY_PUBLIC_KEY and SPILLWAY_SECRET_KEY, or give --url, --public-key and --secret-key-stdin.",
      });
    const answer = await ask();
    if (typeof answer === "symbol") throw new CommandError("interrupted", "Nothing was stored.");
    return answer.trim();
  };
  const common = { input: terminal.stdin, output: terminal.stderr };
  const required = (value: string | undefined) => ((value ?? "").trim() === "" ? "Needed." : undefined);
  const { env } = terminal;
  return {
    url: checkedUrl(
      await need(url ?? env["SPILLWAY_URL"], "--url", () =>
        prompts.text({ ...common, message: "Address of the server", placeholder: "https://spillway.example.com", validate: required }),
      ),
    ),
    publicKey: await need(publicKey ?? env["SPILLWAY_PUBLIC_KEY"], "--public-key", () =>
      prompts.text({ ...common, message: "Public key", placeholder: "pk-lf-…", validate: required }),
    ),
    secretKey: await need(secretKeyStdin ? await readText(terminal.stdin) : env["SPILLWAY_SECRET_KEY"], "--secret-key-stdin", () =>
      prompts.password({ ...common, message: "Secret key", validate: required }),
    ),
  };
};

/** Returns the project, or null if the keys are right but may not read it. */
const checkKeys = async (profile: Profile, terminal: Context["terminal"]): Promise<{ id: string; name: string } | null> => {
  try {
    const { data } = await clientOf(profile, terminal).projects.list();
    const [project] = data;
    return project === undefined ? null : { id: project.id, name: project.name };
  } catch (error) {
    if (error instanceof SpillwayError && error.status === 403) return null;
    throw error;
  }
};

const logout = async ({ output, profileName }: Context): Promise<void> => {
  const { current, profiles } = await loadProfiles();
  const name = profileName ?? current;
  if (name === null || !Object.hasOwn(profiles, name))
    throw new CommandError("auth", "You are not logged in.", { help: "Run: spillway login" });
  const { [name]: _forgotten, ...rest } = profiles;
  await saveProfiles({ current: current === name ? null : current, profiles: rest });
  output.document({ profile: name }, () => `Forgot profile ${JSON.stringify(name)}. The keys stay valid until they are revoked.`);
};

const listProfiles = async ({ output }: Context): Promise<void> => {
  const { current, profiles } = await loadProfiles();
  const rows = Object.entries(profiles).map(([name, { url, publicKey }]) => ({ name, url, publicKey, isCurrent: name === current }));
  await output.rows(rows, {
    head: ["", "name", "address", "public key"],
    cells: ({ name, url, publicKey, isCurrent }) => [isCurrent ? "*" : "", printable(name), url, publicKey],
    empty: "No profiles. Run: spillway login",
  });
};

const useProfile = async ({ output }: Context, name: string): Promise<void> => {
  const { profiles } = await loadProfiles();
  if (!Object.hasOwn(profiles, name))
    throw new CommandError("notFound", `There is no profile ${JSON.stringify(name)}.`, { help: "`spillway profiles` lists them." });
  await saveProfiles({ current: name, profiles });
  output.document({ profile: name }, () => `Profile ${JSON.stringify(name)} is the current one.`);
};
