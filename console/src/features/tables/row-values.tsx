/** All values of a row. Long texts come cut at first, and whole when asked for. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { CopyText } from "../../components/code-block.tsx";
import { Facts } from "../../components/facts.tsx";
import { jsonRoot } from "../../components/json-source.ts";
import { JsonOrText } from "../../components/json-tree.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import { Empty } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { hidesSomething, visibleLine } from "../../components/visible-text.ts";
import type { TableRow, TableRowsPage } from "../../generated/types.gen.ts";
import { Cell } from "./cell.tsx";
import type { TableName } from "./table-pages.ts";
import { rowOptions } from "./table-queries.ts";
import { useTable } from "./use-table-view.ts";
import { digitsText } from "./value-text.ts";

type Column = TableRowsPage["columns"][number];

/** Characters of a value at first: enough for nearly all. */
const firstLengthMax = 20_000;
/** Texts up to this length stand beside their name. */
const lineLengthMax = 100;

export const RowValues = ({ table, id }: { table: TableName; id: string }) => {
  const [isWhole, setWhole] = useState(false);
  const description = useTable(table);
  const columns = (description.data?.columns ?? []).map((column) => column.id).filter((column) => !elsewhere.has(column));
  const cut = useQuery({ ...rowOptions(table, id, columns, firstLengthMax), enabled: columns.length > 0 });
  const whole = useQuery({ ...rowOptions(table, id, columns, null), enabled: isWhole });
  const query = isWhole && (whole.data !== undefined || whole.error !== null) ? { ...whole, data: whole.data ?? cut.data } : cut;
  return (
    <QueryView query={query} label="the row" isEmpty={(found) => found === null} empty={<Gone />}>
      {(found) =>
        found === null ? null : (
          <Values columns={found.columns} row={found.row} isLoadingWhole={whole.isLoading} onWhole={() => setWhole(true)} />
        )
      }
    </QueryView>
  );
};

const Gone = () => (
  <Empty title="The row is not there">
    <p>It was deleted, or it belongs to another project.</p>
  </Empty>
);

/** Shown first, in this order. */
const payloads = ["input", "output", "metadata"];
/** They have tabs of their own, and cost most. */
const elsewhere = new Set(["comments", "scores"]);

type ValuesProps = { columns: readonly Column[]; row: TableRow; isLoadingWhole: boolean; onWhole: () => void };

const Values = ({ columns, row, isLoadingWhole, onWhole }: ValuesProps) => {
  const shown = columns.filter(({ id }) => !isAbsent(row.values[id]));
  const blocks = shown.filter((column) => isBlock(column, row.values[column.id]) || row.cut[column.id] !== undefined);
  const rank = ({ id }: Column) => payloads.indexOf(id) + 1 || payloads.length + 1;
  const absent = columns.filter(({ id }) => isAbsent(row.values[id])).map(({ id }) => id);
  return (
    <>
      {blocks
        .toSorted((a, b) => rank(a) - rank(b))
        .map((column) => (
          <div key={column.id} className="value-block">
            <h3>{column.id}</h3>
            <Block column={column} value={row.values[column.id]} />
            {row.cut[column.id] === undefined ? null : (
              <div className="toolbar">
                <span className="muted">Cut: {countText(row.cut[column.id] ?? 0)} characters in all.</span>
                <Button size="small" isBusy={isLoadingWhole} onClick={onWhole}>
                  Load all of it
                </Button>
              </div>
            )}
          </div>
        ))}
      <Facts
        facts={shown
          .filter((column) => !blocks.includes(column))
          .map((column) => [column.id, <Line key={column.id} column={column} value={row.values[column.id]} />])}
      />
      {absent.length === 0 ? null : <p className="muted">Without a value: {absent.join(", ")}.</p>}
    </>
  );
};

const isAbsent = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

const isBlock = ({ id, type }: Column, value: unknown): boolean =>
  payloads.includes(id) ||
  type === "document" ||
  type === "map<string>" ||
  (typeof value === "string" && (value.length > lineLengthMax || value.includes("\n") || jsonRoot(value) !== undefined));

const Line = ({ column, value }: { column: Column; value: unknown }) => {
  const { id, type, unit } = column;
  if (type === "timestamp")
    return (
      <>
        <Time at={String(value)} form="full" /> <span className="muted numeric">{String(value)}</span>
      </>
    );
  if (type === "integer" && unit === "ms") return <span className="numeric">{countText(String(value))} ms</span>;
  if (type === "map<integer>" || type === "map<decimal>")
    return <Numbers entries={Object.entries(value as Record<string, string>)} unit={unit} />;
  if (typeof value === "string" && (type === "string" || type === "text") && (id === "id" || id.endsWith("Id")) && !hidesSomething(value))
    return <CopyText text={value} label={id} />;
  if (typeof value === "string" && (type === "string" || type === "text" || type === "json")) return <SafeText text={value} isLine />;
  return <Cell column={column} value={value} />;
};

/** Digits as they came. */
const Numbers = ({ entries, unit }: { entries: readonly (readonly [string, string])[]; unit: string | null }) => (
  <span className="numeric">
    {entries.map(([key, digits]) => `${visibleLine(key)} ${/\D/.test(digits) ? digitsText(digits, unit) : countText(digits)}`).join(" · ")}
  </span>
);

const Block = ({ column, value }: { column: Column; value: unknown }) => {
  if (typeof value === "string") return <JsonOrText text={value} label={column.id} />;
  if (column.type === "map<string>") return <Pairs pairs={Object.entries(value as Record<string, string>)} />;
  return <JsonOrText text={JSON.stringify(value)} label={column.id} />;
};

/** Values of a map are texts, some of which are JSON. */
const Pairs = ({ pairs }: { pairs: readonly (readonly [string, string])[] }) => (
  <dl className="facts">
    {pairs.map(([key, value]) => (
      <div key={key} className="pair">
        <dt>
          <SafeText text={key} isLine />
        </dt>
        <dd>
          {isBlock({ id: key, type: "text", nullable: false, unit: null }, value) ? (
            <JsonOrText text={value} label={visibleLine(key)} />
          ) : (
            <SafeText text={value} isLine />
          )}
        </dd>
      </div>
    ))}
  </dl>
);
