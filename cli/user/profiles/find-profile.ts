/** Which address and keys a command uses: `--profile`, else the environment, else the current profile. */
import { CommandError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { loadProfiles, type Profile } from "./profile-store.ts";

export const profileVariables = { url: "SPILLWAY_URL", publicKey: "SPILLWAY_PUBLIC_KEY", secretKey: "SPILLWAY_SECRET_KEY" } as const;

/**
 * Returns undefined if none of the three variables is set. Some of them are an error: stored keys must not go to another address, nor other
 * keys to the stored one.
 */
export const profileOfEnvironment = (env: Terminal["env"]): Profile | undefined => {
  const [url = "", publicKey = "", secretKey = ""] = Object.values(profileVariables).map((name) => env[name]?.trim() ?? "");
  const missing = Object.values(profileVariables).filter((name) => (env[name]?.trim() ?? "") === "");
  if (missing.length === 3) return undefined;
  if (missing.length > 0)
    throw new CommandError("auth", `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set.`, {
      help: "Set SPILLWAY_URL, SPILLWAY_PUBLIC_KEY and SPILLWAY_SECRET_KEY together, or none of them.",
    });
  return { url: checkedUrl(url), publicKey, secretKey };
};

export const checkedUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new CommandError("usage", "The address of the server is no http or https URL.", {
      help: "For example: https://spillway.example.com",
    });
  if (url.username !== "" || url.password !== "")
    throw new CommandError("usage", "The address of the server must not contain a user or a password.", {
      help: "Keys are asked for separately.",
    });
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
};

/** `name` is what `--profile` says. Throws if there is nothing to use. */
export const findProfile = async (env: Terminal["env"], name: string | undefined): Promise<Profile> => {
  const fromEnvironment = name === undefined ? profileOfEnvironment(env) : undefined;
  if (fromEnvironment !== undefined) return fromEnvironment;
  const { current, profiles } = await loadProfiles();
  const wanted = name ?? current;
  if (wanted === null) throw new CommandError("auth", "You are not logged in.", { help: "Run: spillway login" });
  const profile = Object.hasOwn(profiles, wanted) ? profiles[wanted] : undefined;
  if (profile === undefined)
    throw new CommandError("auth", `There is no profile ${JSON.stringify(wanted)}.`, { help: `Run: spillway login --profile ${wanted}` });
  return profile;
};
