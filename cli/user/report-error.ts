/** Turns any failure into words on stderr and an exit status: the sentence, its code, the request id, and what to do. */
import { CommanderError } from "@commander-js/extra-typings";
import { SpillwayError } from "../../openapi/client/index.ts";
import { CommandError, exitCodes, type Outcome } from "./exit-codes.ts";
import { type Colors, colorsOf } from "./output/output.ts";
import { printable } from "./output/printable.ts";
import { formatSeconds } from "./output/quantities.ts";
import type { Terminal } from "./terminal.ts";

type Report = {
  outcome: Outcome;
  message: string;
  code?: string | undefined;
  requestId?: string | undefined;
  fields?: readonly { path: string; message: string }[];
  detail?: readonly string[];
  help?: string | undefined;
  retryAfterSeconds?: number | undefined;
};

/** Writes the failure and returns the exit status. With `isJson`, it is one JSON document. */
export const reportError = (error: unknown, terminal: Pick<Terminal, "stderr" | "env">, isJson: boolean): number => {
  const report = describe(error);
  const { status } = exitCodes[report.outcome];
  if (report.message === "") return status;
  const { outcome, ...shown } = report;
  const text = isJson ? `${JSON.stringify({ error: { outcome, ...shown } })}\n` : inWords(report, colorsOf(terminal.stderr, terminal.env));
  terminal.stderr.write(text);
  return status;
};

const describe = (error: unknown): Report => {
  if (error instanceof CommandError) {
    const { outcome, message, code, detail, help } = error;
    return { outcome, message, code, detail, help };
  }
  if (error instanceof SpillwayError) {
    const { message, code, requestId, fields, retryAfterSeconds } = error;
    // The API's help on keys is about headers.
    const help = error.status === 401 ? "Log in with other keys: spillway login" : error.help;
    return { outcome: outcomeOf(error), message, code, requestId, fields, help, retryAfterSeconds };
  }
  if (error instanceof CommanderError) {
    // Help and version were printed, and are no failure.
    if (error.exitCode === 0) return { outcome: "ok", message: "" };
    // A group without a command: its help was printed instead.
    if (error.code === "commander.help") return { outcome: "usage", message: "" };
    return {
      outcome: "usage",
      message: error.message.replace(/^error: /, "").replaceAll("\n", " "),
      help: "Add --help to see what the command takes.",
    };
  }
  if (error instanceof Error && "syscall" in error) return { outcome: "unexpected", message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof Error && error.stack !== undefined ? error.stack.split("\n").slice(1) : [];
  return { outcome: "unexpected", message: `This should not happen: ${message}`, detail };
};

const outcomeOf = ({ code, status }: SpillwayError): Outcome => {
  if (code === "CHECKSUM_MISMATCH" || code === "INVALID_WEBHOOK") return "verification";
  if (code === "EXPORT_NOT_COMPLETED" || code === "EXPORT_EXPIRED") return "failed";
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "notFound";
  return status >= 400 && status < 500 && status !== 429 && code !== "UNEXPECTED_RESPONSE" ? "refused" : "network";
};

const inWords = (report: Report, paint: Colors): string => {
  const { message, code, fields = [], detail = [], help, requestId, retryAfterSeconds } = report;
  const lines = [
    `${paint.red("Error:")} ${printable(message)}${code === undefined ? "" : paint.dim(` (${code})`)}`,
    // Places in a text are pointed at with spaces, so the lines stay as they are.
    ...detail.map((line) => `  ${printable(line)}`),
    ...fields.map((field) => `  ${paint.bold(printable(field.path))}: ${printable(field.message)}`),
    ...(help === undefined || help === "" ? [] : [printable(help)]),
    ...(retryAfterSeconds === undefined ? [] : [`Try again in ${formatSeconds(retryAfterSeconds)}.`]),
    ...(requestId === undefined ? [] : [paint.dim(`Request id: ${printable(requestId)}`)]),
  ];
  return `${lines.join("\n")}\n`;
};
