/** Ingestion, parsing: normalizes the environment of an event. An unusable one never refuses the event. */

const environmentCharactersMax = 40;

/**
 * Lower-cases a public name, strips every leading `langfuse` and cuts it to 40 characters. Internal names may begin with `langfuse` and
 * stay unchanged. An empty name, or one with characters besides `a-z0-9-_`, becomes `default`.
 * Idempotent; a normalized public name is a valid internal one. Null and undefined name no environment.
 */
export const normalizeEnvironment = (value: unknown, options: { isInternal: boolean }): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") return "default";
  const name = options.isInternal ? value : withoutReserved(value.toLowerCase()).slice(0, environmentCharactersMax);
  return name.length <= environmentCharactersMax && /^[a-z0-9_-]+$/.test(name) ? name : "default";
};

const withoutReserved = (name: string): string => {
  let start = 0;
  while (name.startsWith("langfuse", start)) {
    start += "langfuse".length;
    if (name[start] === "-" || name[start] === "_") start++;
  }
  return name.slice(start);
};
