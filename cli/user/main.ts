/** Composition root of `spillway`, the command line for users: runs the program with the real process. */

import { CommandError, exitCodes } from "./exit-codes.ts";
import { runProgram } from "./run-program.ts";
import type { Terminal } from "./terminal.ts";

const interrupted = new AbortController();
const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  nowMs: Date.now,
  signal: interrupted.signal,
};

/** The first Ctrl-C ends what is under way, the second ends the process. */
process.on("SIGINT", () => {
  if (interrupted.signal.aborted) process.exit(exitCodes.interrupted.status);
  interrupted.abort(new CommandError("interrupted", "Stopped."));
});
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.brokenPipe.status);
    throw error;
  });

const status = await runProgram(process.argv.slice(2), terminal);
// What was written to a pipe may still be under way.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))));
process.exit(status);
