/** Who acted, by mail address or name of the key where the reader may see them, else by id. */

import { useQuery } from "@tanstack/react-query";
import { useCan } from "../../app/use-project.ts";
import { visibleLine } from "../../components/visible-text.ts";
import { listApiKeysOptions, listMembersOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { AuditLog } from "../../generated/types.gen.ts";
import { authorId, authorTitle } from "./audit-words.ts";

export const Author = ({ entry }: { entry: Pick<AuditLog, "type" | "apiKeyId" | "userId"> }) => {
  const can = useCan();
  const members = useQuery({ ...listMembersOptions(), enabled: can("members:CRUD"), staleTime: 60_000 });
  const keys = useQuery({ ...listApiKeysOptions({ query: { limit: 100 } }), enabled: can("apiKeys:CRUD"), staleTime: 60_000 });
  const id = authorId(entry);
  const name =
    entry.apiKeyId === null
      ? members.data?.data.find(({ userId }) => userId === entry.userId)?.email
      : keys.data?.data.find((key) => key.id === entry.apiKeyId)?.note;
  if (entry.type === "USER" && name) return <span title={id ?? undefined}>{visibleLine(name)}</span>;
  return (
    <span title={id ?? undefined}>
      {authorTitle(entry.type)} {name ? `“${visibleLine(name)}”` : id === null ? null : <span className="mono">{id}</span>}
    </span>
  );
};
