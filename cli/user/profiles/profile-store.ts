/**
 * Addresses and keys by profile, in one file of mode 0600 in the platform's configuration directory, such as
 * `~/.config/spillway/profiles.json`. It is replaced as a whole, so that a crash leaves the old or the new one.
 */
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import envPaths from "env-paths";
import { z } from "zod";
import { CommandError } from "../exit-codes.ts";

export const Profile = z.object({ url: z.url(), publicKey: z.string().min(1), secretKey: z.string().min(1) });
export type Profile = z.infer<typeof Profile>;

const Profiles = z.object({ current: z.string().nullable(), profiles: z.record(z.string(), Profile) });
export type Profiles = z.infer<typeof Profiles>;

/** Taken from XDG_CONFIG_HOME on Linux. */
export const profilesFile = (): string => join(envPaths("spillway", { suffix: "" }).config, "profiles.json");

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** No file means no profiles. A file that others can read is refused, as ssh does with keys. */
export const loadProfiles = async (file = profilesFile()): Promise<Profiles> => {
  let text: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new CommandError("auth", `${file} can be read by other users.`, { help: `Run: chmod 600 ${file}` });
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return { current: null, profiles: {} };
    throw error;
  }
  try {
    return Profiles.parse(JSON.parse(text));
  } catch {
    // The parser's own words would quote the file, and with it the keys.
    throw new CommandError("auth", `${file} is damaged.`, { help: "Remove it and log in again: spillway login" });
  }
};

export const saveProfiles = async (profiles: Profiles, file = profilesFile()): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await chmod(temporary, 0o600);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
};
