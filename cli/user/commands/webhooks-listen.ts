/** `webhooks listen`: prints the deliveries that reach this machine, and whether Spillway signed them. */
import * as prompts from "@clack/prompts";
import type { Command } from "@commander-js/extra-typings";
import type { Context, Run } from "../context.ts";
import { CommandError, usageError } from "../exit-codes.ts";
import { clip } from "../output/output.ts";
import { isInteractive, type Terminal } from "../terminal.ts";
import { openReceiver, type Received } from "../webhooks/receive.ts";
import { wholeNumber } from "./option-values.ts";

const secretVariable = "SPILLWAY_WEBHOOK_SECRET";

export const addListen = (group: Command, run: Run): void => {
  group
    .command("listen")
    .description("Print and verify the deliveries that reach this machine")
    .option("--port <port>", "port on 127.0.0.1; 0 takes a free one", wholeNumber({ max: 65_535 }), 4400)
    .option("--count <deliveries>", "end after so many", wholeNumber({ min: 1 }))
    .addHelpText(
      "after",
      `\nThe secret is asked for, or read from ${secretVariable}: whsec_… or whpk_…, several separated by spaces.\n` +
        "The server has to reach this address. One on another machine needs a public https address that leads here, such as that of a tunnel.",
    )
    .action((options, command) => run(command, (context) => listen(context, options)));
};

const listen = async ({ terminal, output }: Context, { port, count }: { port: number; count?: number | undefined }): Promise<void> => {
  const secrets = await readSecrets(terminal);
  const { colors: paint } = output;
  let [verified, refused] = [0, 0];
  const enough = new AbortController();
  const receiver = await openReceiver({ port, secrets }, terminal.nowMs, (received) => {
    if (received.isVerified) verified += 1;
    else refused += 1;
    if (output.isJson) output.event(received);
    else output.line(`${received.receivedAt}  ${received.isVerified ? paint.green("✓") : paint.red("✗")} ${inWords(received)}`);
    if (count !== undefined && verified + refused >= count) enough.abort();
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? usageError(`Port ${port} is taken.`, { help: "Choose another with --port, or a free one with --port 0." })
      : error;
  });
  output.note(`Listening at ${receiver.url}. Ctrl-C ends it.`);
  output.note(
    paint.dim(
      "The server has to reach this address: one on another machine needs a public https address that leads here, such as that of a tunnel.",
    ),
  );
  const ended = AbortSignal.any([terminal.signal, enough.signal]);
  if (!ended.aborted) await new Promise<void>((resolve) => ended.addEventListener("abort", () => resolve(), { once: true }));
  await receiver.close();
  if (refused > 0)
    throw new CommandError("verification", `${refused} of ${verified + refused} deliveries were not signed with this secret.`, {
      help: "Compare the secret with that of the endpoint. After a rotation, give both.",
    });
};

const inWords = ({ id, event, fault }: Received): string => {
  if (fault !== null) return `${clip(id ?? "no webhook-id", 60)}  ${clip(fault, 200)}`;
  const { type, data } = (typeof event === "object" && event !== null ? event : {}) as { type?: unknown; data?: unknown };
  const { batchExportId, integrationId } = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const about = String(batchExportId ?? integrationId ?? "");
  return [clip(String(type ?? "event")), clip(about, 60), clip(id, 60)].filter((part) => part !== "").join("  ");
};

const readSecrets = async (terminal: Terminal): Promise<string[]> => {
  const given = terminal.env[secretVariable] ?? "";
  const answer =
    given !== "" || !isInteractive(terminal)
      ? given
      : await prompts.password({ message: "Secret of the endpoint (whsec_… or whpk_…)", input: terminal.stdin, output: terminal.stderr });
  if (typeof answer === "symbol") throw new CommandError("interrupted", "");
  const secrets = answer.split(/\s+/).filter((one) => one !== "");
  if (secrets.length === 0) throw usageError("There is no secret to verify with.", { help: `Set ${secretVariable}.` });
  if (secrets.some((one) => !/^wh(sec|pk)_[A-Za-z0-9+/]+=*$/.test(one)))
    throw usageError("A secret is whsec_ or whpk_ with base64 behind it.");
  return secrets;
};
