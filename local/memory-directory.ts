/**
 * A directory in memory for data that nobody keeps. Where many files were deleted before, ext4 without a journal takes milliseconds of CPU to
 * create one (it searches for an inode that was not in use lately), so tests and benchmarks slowed down those after them.
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const root = "/dev/shm";
const prefix = "spillway-";
/** A container often has 64 MB there. A whole run of the tests takes 2 GB at most (measured). */
const freeBytesMin = 6 * 1024 ** 3;

/**
 * Creates a directory of this process, and removes those of processes that were killed. Returns undefined if there is no such memory, too
 * little, or programs may not run from it.
 */
export const memoryDirectory = (): string | undefined => {
  try {
    accessSync(root, constants.W_OK | constants.X_OK);
    const { bavail, bsize, type } = statfsSync(root);
    if (type !== tmpfsType || bavail * bsize < freeBytesMin || mayNotRun()) return undefined;
  } catch {
    return undefined;
  }
  removeLeft();
  const own = join(root, `${prefix}${process.pid}`);
  rmSync(own, { recursive: true, force: true });
  // Postgres, which may run as another user, must reach its data in here.
  mkdirSync(own, { mode: 0o755 });
  return own;
};

const tmpfsType = 0x01021994;

const mayNotRun = (): boolean =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .some((line) => {
      const [, place, , options = ""] = line.split(" ");
      return place === root && options.split(",").includes("noexec");
    });

const removeLeft = (): void => {
  for (const name of readdirSync(root)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(root, name), { recursive: true, force: true });
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
