/** Runs one command to its end and returns the exit status. */
import { exitCodes } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import type { Terminal } from "./terminal.ts";

export const runProgram = async (args: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    await createProgram(terminal).parseAsync(args, { from: "user" });
    return exitCodes.ok.status;
  } catch (error) {
    return reportError(error, terminal, args.includes("--json"));
  }
};
