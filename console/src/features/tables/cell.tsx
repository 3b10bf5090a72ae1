/** A cell of a table on one line. Numbers show all of their digits, texts what is hidden in them; an ellipsis says that the rest was cut. */

import { Badge } from "../../components/badge.tsx";
import { countText, durationText } from "../../components/quantity.ts";
import { SafeText } from "../../components/safe-text.tsx";
import { Time } from "../../components/time.tsx";
import { compactMap, digitsText } from "./value-text.ts";

type CellProps = {
  column: { id: string; type: string; unit: string | null };
  value: unknown;
  /** Full length in characters, if the server cut the value. */
  cutFrom?: number | undefined;
};

export const Cell = ({ column, value, cutFrom }: CellProps) => {
  const { id, type, unit } = column;
  if (value === null || value === undefined || value === "") return <span className="cell-none">–</span>;
  if (type === "timestamp") return <Time at={String(value)} form="precise" />;
  if (id === "level" && typeof value === "string") return <Level level={value} />;
  if (type === "boolean") return value === true ? "true" : "false";
  if (type === "integer" && unit === "ms")
    return <span title={`${countText(String(value))} ms`}>{durationText(Number(value) / 1000)}</span>;
  if (type === "integer") return countText(String(value));
  if (type === "decimal" || type === "number") return digitsText(String(value), unit);
  return <TextCell text={textOf(value)} cutFrom={cutFrom} />;
};

export const Level = ({ level }: { level: string }) =>
  level === "DEFAULT" || level === "DEBUG" ? (
    <span className="muted">{level}</span>
  ) : (
    <Badge tone={level === "ERROR" ? "danger" : "warning"}>{level}</Badge>
  );

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number")) return value.join(", ");
  return compactMap(value);
};

const TextCell = ({ text, cutFrom }: { text: string; cutFrom: number | undefined }) =>
  text === "" && cutFrom === undefined ? (
    <span className="cell-none">–</span>
  ) : (
    <span className="cell-text" title={cutFrom === undefined ? undefined : `Cut: ${countText(cutFrom)} characters in all`}>
      <SafeText text={text} isLine />
      {cutFrom === undefined ? null : (
        <>
          <span aria-hidden="true">…</span>
          <span className="visually-hidden"> cut</span>
        </>
      )}
    </span>
  );
