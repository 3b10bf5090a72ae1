/** What the API says of the fields of a form, by path. `settings.columns` also finds `settings.columns.traces`. */
import { factsOf } from "./api-error.ts";

export const fieldErrorsOf = (error: unknown): ((path: string) => string | undefined) => {
  const fields = error === null || error === undefined ? [] : factsOf(error).fields;
  return (path) => {
    const found = fields.filter((field) => field.path === path || field.path.startsWith(`${path}.`) || field.path.startsWith(`${path}[`));
    return found.length === 0 ? undefined : found.map(({ message }) => sentence(message)).join(" ");
  };
};

/** `must be given` becomes `Must be given.` */
const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
