/** Who asked for an export, in a word. A key belongs to a person, too; what matters is that a program asked. */
import type { BatchExportSummary } from "../../generated/types.gen.ts";

export const requesterText = ({ userId, apiKeyId }: BatchExportSummary["requestedBy"], ownId: string): string =>
  apiKeyId !== null ? "API key" : userId === ownId ? "You" : "A member";
