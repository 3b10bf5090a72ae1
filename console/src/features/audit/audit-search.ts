/** State of the audit log in its URL: filters, page, and the entry that is open. */
import { textOf } from "../../app/search-params.ts";

const names = ["resourceType", "resourceId", "action", "cursor", "entry"] as const;

export type AuditSearch = { [Name in (typeof names)[number]]?: string };

export const auditSearch = (search: Record<string, unknown>): AuditSearch =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = textOf(search, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
