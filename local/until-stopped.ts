/** Runs a stack until a signal, the end of a part, or the end of the work; stops everything in each case. */
import type { Stack } from "./stack.ts";

/** Runs `work` on the stack. Without `exitWhenDone` it then waits for a signal. Ends the process: 0, or 1 if something failed. */
export const runUntilStopped = async (
  starting: Promise<Stack>,
  work: (stack: Stack) => unknown,
  { exitWhenDone = false } = {},
): Promise<void> => {
  const signal = new Promise<string>((resolve) => {
    process.on("SIGINT", () => resolve(""));
    process.on("SIGTERM", () => resolve(""));
  });
  let stack: Stack | undefined;
  let status = 0;
  try {
    stack = await starting;
    const done = Promise.resolve(work(stack)).then(() => (exitWhenDone ? "" : new Promise<never>(() => {})));
    const problem = await Promise.race([signal, stack.crashed, done]);
    if (problem !== "") {
      console.error(problem);
      status = 1;
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    status = 1;
  }
  if (!exitWhenDone && status === 0) console.log("\nStopping…");
  await stack?.stop();
  process.exit(status);
};
