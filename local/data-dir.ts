/** Keeps a data directory to one local stack: a lock while it runs, and a wait for the processes of one that was killed. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./is-alive.ts";
import { type StackFile, stackFilePath } from "./stack-file.ts";

/** Returns how to unlock. The lock file names the process that holds it. Throws if that process is alive, or nothing can be written. */
export const lockDataDir = (dataDir: string): (() => void) => {
  const file = join(dataDir, "lock");
  if (existsSync(file)) {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid !== process.pid && isAlive(pid))
      throw new Error(`Another stack (process ${pid}) uses ${dataDir}. Stop it, or set SPILLWAY_DATA_DIR and SPILLWAY_API_PORT.`);
  }
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, String(process.pid));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The data directory cannot be written: ${why}. Set SPILLWAY_DATA_DIR to another.`, { cause: error });
  }
  return () => rmSync(file, { force: true });
};

/**
 * Waits for the parts of a killed stack, which end by themselves (local/spawn-bound.ts). Postgres takes a while, and nothing else may open
 * its data before.
 */
export const untilKilledStackIsGone = async (dataDir: string, say: (line: string) => void): Promise<void> => {
  const file = stackFilePath(dataDir);
  if (!existsSync(file)) return;
  const { pids } = JSON.parse(readFileSync(file, "utf8")) as StackFile;
  const left = () => Object.entries(pids).filter(([, pid]) => isAlive(pid));
  let said = "";
  for (const deadlineMs = Date.now() + 60_000; left().length > 0 && Date.now() < deadlineMs; ) {
    const parts = left().map(([name, pid]) => `${name} (process ${pid})`);
    const line = `waiting for the ${parts.join(", ")} of a stack that was killed`;
    if (line !== said) say(line);
    said = line;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  rmSync(file);
};
