/** What a command has at hand while it runs: its terminal, its output, and the API under the chosen profile. */
import { SpillwayClient } from "../../openapi/client/index.ts";
import { createOutput, type Output } from "./output/output.ts";
import { findProfile } from "./profiles/find-profile.ts";
import type { Profile } from "./profiles/profile-store.ts";
import type { Terminal } from "./terminal.ts";

/** Options that every command takes. */
export type GlobalOptions = { json?: true | undefined; profile?: string | undefined };

export type Context = {
  terminal: Terminal;
  output: Output;
  /** Name given by `--profile`. */
  profileName: string | undefined;
  openClient: () => Promise<SpillwayClient>;
};

/** Runs a command's action with its context. */
export type Run = (command: { optsWithGlobals: () => object }, action: (context: Context) => Promise<void>) => Promise<void>;

export const createContext = (terminal: Terminal, { json, profile }: GlobalOptions): Context => ({
  terminal,
  output: createOutput(terminal, json === true),
  profileName: profile,
  openClient: async () => clientOf(await findProfile(terminal.env, profile), terminal),
});

export const clientOf = ({ url, publicKey, secretKey }: Profile, { signal }: Pick<Terminal, "signal">): SpillwayClient =>
  new SpillwayClient({ baseUrl: url, publicKey, secretKey, signal });
