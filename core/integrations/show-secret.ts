/** Shows a secret as answers do: fields that only identify in full, all others as a mask. */
import type { IntegrationKind } from "./integration.ts";
import { kindEntry } from "./kinds/index.ts";

/** The last four characters of a long secret; of a short one they would be too much of it. */
const mask = (value: string): string => (value.length < 12 ? "..." : `...${value.slice(-4)}`);

export const showSecret = (kind: IntegrationKind, secret: Readonly<Record<string, string>>): Record<string, string> => {
  const { shownSecretFields } = kindEntry(kind);
  return Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, shownSecretFields.includes(name) ? value : mask(value)]));
};
