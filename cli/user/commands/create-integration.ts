/** `integrations create`: settings as options of any name, credentials from a hidden prompt, a variable or a file, never from arguments. */
import { readFile } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import * as prompts from "@clack/prompts";
import { type Command, Option } from "@commander-js/extra-typings";
import type { CreateIntegration } from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import { CommandError, usageError } from "../exit-codes.ts";
import { parseInstant } from "../filter/parse-instant.ts";
import { showIntegration } from "../output/show-integration.ts";
import { isInteractive, type Terminal } from "../terminal.ts";
import { collect, collectNamed, commaList } from "./option-values.ts";

type Mode = NonNullable<CreateIntegration["mode"]>;
const kinds = ["blob_storage", "posthog", "mixpanel"] as const satisfies readonly CreateIntegration["kind"][];
const frequencies = [
  "every_20_minutes",
  "hourly",
  "daily",
  "weekly",
  "cron",
] as const satisfies readonly CreateIntegration["schedule"]["frequency"][];
const starts = { history: "FULL_HISTORY", now: "FROM_TODAY" } as const satisfies Record<string, Mode>;

const createOptions = (command: Command) =>
  command
    .addOption(new Option("--kind <kind>", "where it delivers").choices(kinds))
    .option("--name <name>", "name of the integration")
    .addOption(new Option("--frequency <frequency>", "how often").choices(frequencies))
    .option("--cron <fields>", "five fields, with --frequency cron")
    .option("--time-zone <name>", "IANA name, such as Europe/Berlin; UTC by default")
    .option("--start <when>", "`history` (all rows), `now`, or an instant: 2026-11-01")
    .option("--tables <names>", "tables, separated by commas", commaList)
    .option("--set <name=value>", "setting of the kind, such as bucketName=my-bucket; repeat it", collectNamed)
    .option("--secret <name>", "credential: NAME asks for it, NAME=env:VARIABLE and NAME=file:PATH read it; repeat it", collect)
    .option("--idempotency-key <key>", "calls with the same key make one integration")
    .option("--request <file>", "whole request as JSON, - for stdin; other options change it");

type Options = ReturnType<ReturnType<typeof createOptions>["opts"]>;

export const addCreateIntegration = (group: Command, run: Run): void => {
  createOptions(group.command("create"))
    .description("Create an integration")
    .action((options, command) =>
      run(command, async (context) => {
        const { output, terminal, openClient } = context;
        const body = await buildIntegration(context, options);
        const one = await (await openClient()).integrations.create(
          body,
          options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey },
        );
        output.document(one, () => showIntegration(one, output.colors, terminal.nowMs()));
        output.note(`Try its address and credentials with \`spillway integrations validate ${one.id}\`.`);
      }),
    );
};

const buildIntegration = async ({ terminal }: Context, options: Options): Promise<CreateIntegration> => {
  const base = options.request === undefined ? {} : await readRequest(options.request, terminal);
  const kind = options.kind ?? base.kind;
  const name = options.name ?? base.name;
  const frequency = options.frequency ?? (options.cron === undefined ? base.schedule?.frequency : "cron");
  if (kind === undefined) throw usageError("Which kind?", { help: `--kind takes ${kinds.join(", ")}.` });
  if (name === undefined) throw usageError("Which name?", { help: "For example: --name warehouse" });
  if (frequency === undefined) throw usageError("How often?", { help: `--frequency takes ${frequencies.join(", ")}.` });
  const secret = { ...base.secret };
  for (const text of options.secret ?? []) {
    const [field, value] = await readSecret(text, terminal);
    secret[field] = value;
  }
  return {
    ...base,
    kind,
    name,
    schedule: {
      ...base.schedule,
      frequency,
      ...(options.cron === undefined ? {} : { cron: options.cron }),
      ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
    },
    ...(options.start === undefined ? {} : startOf(options.start, terminal.nowMs())),
    ...(options.tables === undefined ? {} : { tables: options.tables }),
    settings: { ...base.settings, ...Object.fromEntries((options.set ?? []).map(parseSetting)) },
    secret,
  };
};

const readRequest = async (path: string, { stdin }: Pick<Terminal, "stdin">): Promise<Partial<CreateIntegration>> => {
  const text =
    path === "-" ? await readText(stdin) : await readFile(path, "utf8").catch((error: Error) => Promise.reject(usageError(error.message)));
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The parser's own words may quote a credential.
  }
  throw usageError("--request holds no JSON object.");
};

const startOf = (start: string, nowMs: number): Pick<CreateIntegration, "mode" | "startDate"> =>
  Object.hasOwn(starts, start)
    ? { mode: starts[start as keyof typeof starts] }
    : { mode: "FROM_CUSTOM_DATE", startDate: parseInstant(start, nowMs) };

/** true, false, null and JSON objects and arrays are what they say; anything else is text, which the API checks by the setting. */
const parseSetting = ([name, value]: [string, string]): [string, unknown] => {
  if (!/^(true|false|null|\d{1,15}|[[{].*)$/s.test(value)) return [name, value];
  try {
    return [name, JSON.parse(value)];
  } catch {
    throw usageError(`--set ${name} begins like JSON and is none.`);
  }
};

const readSecret = async (text: string, terminal: Terminal): Promise<[string, string]> => {
  const at = text.indexOf("=");
  if (at === -1) return [text, await askSecret(text, terminal)];
  const name = text.slice(0, at);
  const source = text.slice(at + 1);
  if (source.startsWith("env:")) {
    const value = terminal.env[source.slice(4)];
    if (value === undefined || value === "") throw usageError(`--secret ${name}: the variable ${source.slice(4)} is not set.`);
    return [name, value];
  }
  if (source.startsWith("file:"))
    return [name, (await readFile(source.slice(5), "utf8").catch((error: Error) => Promise.reject(usageError(error.message)))).trimEnd()];
  throw usageError(`--secret ${name} does not take the credential itself, which other users of the machine could read.`, {
    help: `Write --secret ${name} to be asked for it, ${name}=env:VARIABLE or ${name}=file:PATH.`,
  });
};

const askSecret = async (name: string, terminal: Terminal): Promise<string> => {
  if (!isInteractive(terminal))
    throw usageError(`There is no terminal to ask for ${name} at.`, { help: `Write ${name}=env:VARIABLE or ${name}=file:PATH.` });
  const answer = await prompts.password({ message: name, input: terminal.stdin, output: terminal.stderr });
  if (typeof answer === "symbol") throw new CommandError("interrupted", "Nothing was created.");
  return answer;
};
