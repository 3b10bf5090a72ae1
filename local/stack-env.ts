/** The environment of the local stack: which variables are set, which are passed on, and the ports they name. */

export type StackEnv = Record<string, string | undefined>;

/** Empty means unset, as for the API and the runner. */
export const nonEmpty = (env: StackEnv): StackEnv => Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));

/** The set variables whose names are wanted. */
export const pick = (env: StackEnv, isWanted: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value !== undefined && isWanted(name) ? [[name, value]] : [])));

/** Without a port where the variable is unset. Throws if it is none. */
export const portOf = (env: StackEnv, name: string): { port?: number } => {
  const text = env[name];
  if (!text) return {};
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${name} must be a port, 0 to 65535.`);
  return { port };
};
