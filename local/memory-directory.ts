/**
 * A directory in memory for data that nobody keeps. Where many files were deleted before, ext4 without a journal takes milliseconds of CPU to
 * create one (it searches for an inode that was not in use lately), so tests and benchmarks slowed down those after them.
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./is-alive.ts";

const root = "/dev/shm";
/** Of the file system, 64 MB in many containers, and of the memory itself. A whole run of the tests takes 1.5 GB beside its servers (measured). */
const freeBytesMin = 6 * 1024 ** 3;

/**
 * Creates a directory of this process, and removes those of processes that were killed. Returns undefined if there is no such memory, too
 * little, or programs may not run from it.
 */
export const memoryDirectory = (): string | undefined => {
  try {
    accessSync(root, constants.W_OK | constants.X_OK);
    removeLeft();
    const { bavail, bsize, type } = statfsSync(root);
    if (type !== tmpfsType || Math.min(bavail * bsize, process.availableMemory()) < freeBytesMin || mayNotRun()) return undefined;
    const own = join(root, `${prefix()}${process.pid}`);
    rmSync(own, { recursive: true, force: true });
    // Postgres, which may run as another user, must reach its data in here.
    mkdirSync(own, { mode: 0o755 });
    return own;
  } catch {
    // The disk does as well.
    return undefined;
  }
};

const tmpfsType = 0x01021994;

/** Containers may share the memory, but not the numbers of processes. */
const prefix = (): string => `spillway-${statSync("/proc/self/ns/pid").ino}-`;

const mayNotRun = (): boolean =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .some((line) => {
      const [, place, , options = ""] = line.split(" ");
      return place === root && options.split(",").includes("noexec");
    });

const removeLeft = (): void => {
  const start = prefix();
  for (const name of readdirSync(root)) {
    if (!name.startsWith(start) || isAlive(Number(name.slice(start.length)))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      // Another user's, who removes it the next time.
    }
  }
};
