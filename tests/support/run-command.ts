/** Runs a program to its end. */
import { spawn } from "node:child_process";

export type Ended = { status: number | null; out: string; err: string };

/** `input` is its stdin, none by default. */
export const runCommand = (
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
  input?: string,
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString("utf8");
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, out, err }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });

/** Returns what it printed, and throws if it fails. */
export const succeed = async (command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<string> => {
  const { status, out, err } = await runCommand(command, args, cwd, env);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${out}${err}`);
  return out;
};
