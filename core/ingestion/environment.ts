/** The environment of an event, made fit; never a reason to refuse one. */

export const environmentCharactersMax = 40;

/**
 * Names of the public are put into lower case, lose any number of leading `langfuse`, and are cut to 40 characters. Internal ones may begin with `langfuse`
 * and have to be right already. What then has other characters than `a-z0-9-_`, or none, is `default`. Doing it again changes nothing, and what was made fit for
 * the public is fit as an internal name. Null and undefined name no environment.
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
