/** Who did what with one object. */
import { useQuery } from "@tanstack/react-query";
import { QueryView } from "../../components/query-view.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { listAuditLogsOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { AuditLog } from "../../generated/types.gen.ts";
import { Author } from "./author.tsx";

type ResourceType = AuditLog["resourceType"];

const columns: Column<AuditLog>[] = [
  { id: "action", title: "Action", cell: ({ action }) => action },
  { id: "by", title: "By", cell: (entry) => <Author entry={entry} /> },
  { id: "ip", title: "Address", cell: ({ ipAddress }) => <span className="mono">{ipAddress ?? "–"}</span> },
  { id: "request", title: "Request", cell: ({ requestId }) => <span className="mono muted">{requestId ?? "–"}</span> },
  { id: "at", title: "When", cell: ({ createdAt }) => <Time at={createdAt} form="full" /> },
];

export const ObjectAudit = ({ resourceType, resourceId }: { resourceType: ResourceType; resourceId: string }) => {
  const query = useQuery(listAuditLogsOptions({ query: { resourceType, resourceId, limit: 100 } }));
  return (
    <QueryView
      query={query}
      label="the audit log"
      loadingRows={4}
      isEmpty={({ data }) => data.length === 0}
      empty={<Empty title="No entry" />}
    >
      {({ data }) => <Table label="Audit log" columns={columns} rows={data} rowKey={({ id }) => id} />}
    </QueryView>
  );
};
