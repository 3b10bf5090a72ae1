/** Traces of a session, each a link to its page. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useProject } from "../../app/use-project.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { TableRow } from "../../generated/types.gen.ts";
import { rowsOptions } from "./table-queries.ts";

const limit = 100;

export const SessionTraces = ({ sessionId }: { sessionId: string }) => {
  const { id: projectId } = useProject();
  const filter = [{ type: "string" as const, column: "sessionId", operator: "=" as const, value: sessionId }];
  const query = useQuery(rowsOptions("traces", { filter, columns: ["timestamp", "name", "userId"], limit }));
  const text = ({ values }: TableRow, id: string): string => (typeof values[id] === "string" ? values[id] : "");
  const columns: Column<TableRow>[] = [
    { id: "time", title: "Began", cell: (row) => <Time at={text(row, "timestamp")} form="precise" /> },
    {
      id: "name",
      title: "Trace",
      cell: (row) => (
        <Link to="/projects/$projectId/traces" params={{ projectId }} search={{ row: row.id, tab: "trace" }} data-row-focus="">
          <SafeText text={text(row, "name") || row.id} isLine />
        </Link>
      ),
    },
    { id: "user", title: "User", cell: (row) => <SafeText text={text(row, "userId")} isLine /> },
  ];
  return (
    <QueryView
      query={query}
      label="traces"
      loadingRows={3}
      isEmpty={({ rows }) => rows.length === 0}
      empty={<p className="muted">No traces.</p>}
    >
      {({ rows, nextCursor }) => (
        <>
          <Table label="Traces of the session" columns={columns} rows={rows} rowKey={(row) => row.id} />
          {nextCursor === null ? null : (
            <Link to="/projects/$projectId/traces" params={{ projectId }} search={{ filter }}>
              All traces of the session
            </Link>
          )}
        </>
      )}
    </QueryView>
  );
};
