/** `integrations …`: scheduled deliveries to storage, PostHog and Mixpanel. */
import { setTimeout as wait } from "node:timers/promises";
import { type Command, Option } from "@commander-js/extra-typings";
import type { Integration, IntegrationRunSummary, IntegrationValidation } from "../../../openapi/client/index.ts";
import type { Context, Run } from "../context.ts";
import { CommandError } from "../exit-codes.ts";
import { parseInstant } from "../filter/parse-instant.ts";
import { clip, formatTable } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatBytes, formatCount, formatDistance } from "../output/quantities.ts";
import { paintSyncStatus, showIntegration } from "../output/show-integration.ts";
import { takeFirst } from "../output/take-first.ts";
import { addCreateIntegration } from "./create-integration.ts";
import { wholeNumber } from "./option-values.ts";

type RunState = IntegrationRunSummary["state"];
const runStates = ["pending", "queued", "running", "completed", "failed"] as const satisfies readonly RunState[];
const validationPollMs = 500;

export const addIntegrationCommands = (program: Command, run: Run): void => {
  const group = program.command("integrations").description("Deliver to storage, PostHog or Mixpanel on a schedule");
  addReaders(group, run);
  addCreateIntegration(group, run);
  addChangers(group, run);
  group
    .command("backfill")
    .description("Deliver a range of time again, on the instant rows were written")
    .argument("<id>", "id of the integration")
    .requiredOption("--from <when>", "first instant: 7d, 2026-11-01, 2026-11-01T12:00:00Z")
    .option("--to <when>", "instant behind the last", "now")
    .action((id, { from, to }, command) =>
      run(command, async ({ output, terminal, openClient }) => {
        const nowMs = terminal.nowMs();
        const range = { from: parseInstant(from, nowMs), to: parseInstant(to, nowMs) };
        const asked = await (await openClient()).integrations.backfill(id, range);
        output.document(
          asked,
          () => `${formatCount(asked.again)} windows again and ${formatCount(asked.added)} new ones, from ${asked.from} to ${asked.to}.`,
        );
      }),
    );
  group
    .command("validate")
    .description("Try the address and credentials of an integration")
    .argument("<id>", "id of the integration")
    .action((id, _options, command) => run(command, (context) => validate(context, id)));
};

const addReaders = (group: Command, run: Run): void => {
  group
    .command("list")
    .description("List integrations and how far each has delivered")
    .action((_options, command) =>
      run(command, async ({ output, terminal, openClient }) => {
        const client = await openClient();
        await output.rows(client.integrations.list({ limit: 100 }), {
          head: ["id", "kind", "name", "status", "delivered", "next run", "refused rows"],
          cells: ({ id, kind, name, status }) => [
            id,
            kind,
            clip(name),
            paintSyncStatus(status.syncStatus, output.colors),
            formatDistance(status.deliveredThrough, terminal.nowMs()),
            formatDistance(status.nextRunAt, terminal.nowMs()),
            status.openRejections === 0 ? "" : formatCount(status.openRejections),
          ],
          empty: "No integrations.",
        });
      }),
    );
  group
    .command("show")
    .description("Show an integration and its status")
    .argument("<id>", "id of the integration")
    .action((id, _options, command) =>
      run(command, async (context) => showOne(context, await (await context.openClient()).integrations.get(id))),
    );
  group
    .command("runs")
    .description("List what was delivered, one run for each window, newest first")
    .argument("<id>", "id of the integration")
    .addOption(new Option("--state <state>", "only runs in this state").choices(runStates))
    .option("--limit <count>", "most runs", wholeNumber(), 50)
    .action((id, { state, limit }, command) =>
      run(command, async ({ output, terminal, openClient }) => {
        const client = await openClient();
        const found = client.integrations.listRuns(id, {
          limit: Math.min(100, Math.max(1, limit)),
          ...(state === undefined ? {} : { state }),
        });
        await output.rows(takeFirst(found, limit), {
          head: ["id", "state", "window", "until", "rows", "size", "refused", "finished"],
          cells: (one) => [
            one.id,
            one.state,
            one.windowStart,
            one.windowEnd,
            formatCount(one.rows),
            formatBytes(one.bytes),
            one.rejected === 0 ? "" : formatCount(one.rejected),
            formatDistance(one.finishedAt, terminal.nowMs()),
          ],
          empty: "No runs.",
        });
      }),
    );
};

const addChangers = (group: Command, run: Run): void => {
  const changes = {
    run: "Deliver what is complete, without waiting for the schedule",
    pause: "Deliver no further windows",
    resume: "Go on where it stopped, also after a fault has switched it off",
  } as const;
  for (const [name, description] of Object.entries(changes) as [keyof typeof changes, string][])
    group
      .command(name)
      .description(description)
      .argument("<id>", "id of the integration")
      .action((id, _options, command) =>
        run(command, async (context) => showOne(context, await (await context.openClient()).integrations[name](id))),
      );
};

const showOne = ({ output, terminal }: Context, one: Integration): void =>
  output.document(one, () => showIntegration(one, output.colors, terminal.nowMs()));

const validate = async ({ output, terminal, openClient }: Context, id: string): Promise<void> => {
  const client = await openClient();
  let found: IntegrationValidation = await client.integrations.validate(id);
  while (found.state === "queued" || found.state === "running") {
    // The API sends no events about validations.
    await wait(validationPollMs, undefined, { signal: terminal.signal }).catch(() => terminal.signal.throwIfAborted());
    found = await client.integrations.getValidation(id, found.id);
  }
  const paint = output.colors;
  const marks = { passed: paint.green("✓"), failed: paint.red("✗"), skipped: paint.dim("-") };
  output.document(found, () => formatTable(found.steps.map(({ name, outcome, message }) => [marks[outcome], name, clip(message, 200)])));
  if (found.state === "passed") return output.note("The integration works.");
  const failed = found.steps.find(({ outcome }) => outcome === "failed");
  const code = failed?.code ?? found.error?.code;
  throw new CommandError("failed", printable(failed?.message ?? found.error?.message ?? "The validation failed."), {
    ...(code == null ? {} : { code }),
    ...(failed?.help == null ? {} : { help: failed.help }),
  });
};
