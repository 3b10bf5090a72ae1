/** What an entry of the registry of integration kinds says about its kind. */
import type { z } from "zod";
import type { FieldError } from "../../errors.ts";

export type IntegrationKindEntry = {
  /** Settings without secrets. Parsing fills in defaults. */
  settings: z.ZodType<Record<string, unknown>>;
  /** Fields of the secret. All are needed. */
  secret: z.ZodObject<Record<string, z.ZodType<string>>>;
  /** Fields of the secret that identify and do not authorise: they are shown in full. */
  shownSecretFields: readonly string[];
  tables: readonly [string, ...string[]];
  defaultTables: readonly [string, ...string[]];
  /** Addresses of the customer in the settings, by field. */
  addresses: (settings: Record<string, unknown>) => FieldAddress[];
  /** What depends on several fields, and tables: problems by field of the settings. */
  problems: (settings: Record<string, unknown>, tables: readonly string[]) => FieldError[];
  /** Where the secret itself is sent, as opposed to a signature; a stored secret is not sent to a new place. Null: nowhere. */
  secretGoesTo: (settings: Record<string, unknown>) => string | null;
};

export type FieldAddress = { path: string; url: string };
