/** Scores of a row: of all of its trace or session, those of the row itself marked. */
import { useQuery } from "@tanstack/react-query";
import { Badge } from "../../components/badge.tsx";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { TableRow } from "../../generated/types.gen.ts";
import { rowsOptions } from "./table-queries.ts";

const columns = ["timestamp", "name", "dataType", "value", "stringValue", "source", "comment", "observationId"];
const limit = 100;

type ScoresProps = { column: "traceId" | "sessionId"; id: string | undefined; rowId: string };

export const RowScores = ({ column, id, rowId }: ScoresProps) => {
  const query = useQuery({
    ...rowsOptions("scores", { filter: [{ type: "string", column, operator: "=", value: id ?? "" }], columns, limit }),
    enabled: id !== undefined && id !== "",
  });
  if (id === "") return <NoScores />;
  return (
    <QueryView query={query} label="scores" loadingRows={3} isEmpty={({ rows }) => rows.length === 0} empty={<NoScores />}>
      {({ rows, nextCursor }) => (
        <>
          <Table label="Scores" columns={shown(rowId)} rows={rows} rowKey={(row) => row.id} />
          {nextCursor === null ? null : <p className="muted">The newest {limit} scores.</p>}
        </>
      )}
    </QueryView>
  );
};

const NoScores = () => (
  <Empty icon="score" title="No scores">
    <p>An SDK, an evaluator or POST /api/public/scores adds them.</p>
  </Empty>
);

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

const shown = (rowId: string): Column<TableRow>[] => [
  { id: "name", title: "Name", cell: ({ values }) => <SafeText text={text(values["name"])} isLine /> },
  {
    id: "value",
    title: "Value",
    align: "end",
    cell: ({ values }) => <SafeText text={values["dataType"] === "NUMERIC" ? text(values["value"]) : text(values["stringValue"])} isLine />,
  },
  { id: "source", title: "Source", cell: ({ values }) => text(values["source"]) },
  {
    id: "of",
    title: "Of",
    cell: ({ values }) => {
      const observation = text(values["observationId"]);
      if (observation === rowId) return <Badge isPlain>this row</Badge>;
      return observation === "" ? "the whole" : <span className="mono">{observation}</span>;
    },
  },
  { id: "comment", title: "Comment", cell: ({ values }) => <SafeText text={text(values["comment"])} /> },
  { id: "time", title: "Given", cell: ({ values }) => <Time at={text(values["timestamp"])} form="relative" /> },
];
