/** What the exit status of `spillway` says. Scripts rely on the numbers; docs/command-line.md lists them from here. */
export const exitCodes = {
  ok: { status: 0, meaning: "Done." },
  unexpected: { status: 1, meaning: "A fault of the program itself." },
  usage: { status: 2, meaning: "The command line, a filter or an input file is wrong. Nothing was sent." },
  auth: { status: 3, meaning: "No keys, wrong keys, or the keys lack a scope." },
  notFound: { status: 4, meaning: "The export, table, integration or key does not exist." },
  refused: { status: 5, meaning: "The server refused the request, or some of the events of `ingest`." },
  failed: { status: 6, meaning: "The export failed, was cancelled or has expired; or a validation or a delivery failed." },
  network: { status: 7, meaning: "The server did not answer, is not available, or asks to wait longer than the client does." },
  verification: { status: 8, meaning: "A downloaded file or the signature of a delivery is wrong." },
  interrupted: { status: 130, meaning: "Stopped by Ctrl-C. An export that was started goes on." },
  brokenPipe: { status: 141, meaning: "The reader of the output went away, as in `spillway export list | head -1`." },
} as const satisfies Record<string, { status: number; meaning: string }>;
export type Outcome = keyof typeof exitCodes;

/** A failure in words for the user. `detail` holds further lines; `help` says what to do. */
export class CommandError extends Error {
  readonly outcome: Outcome;
  readonly code: string | undefined;
  readonly detail: readonly string[];
  readonly help: string | undefined;

  constructor(outcome: Outcome, message: string, more: { code?: string; detail?: readonly string[]; help?: string; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.outcome = outcome;
    this.code = more.code;
    this.detail = more.detail ?? [];
    this.help = more.help;
  }
}

export const usageError = (message: string, more: { detail?: readonly string[]; help?: string } = {}): CommandError =>
  new CommandError("usage", message, more);
