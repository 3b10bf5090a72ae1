/** How large an export would be, what it takes of the quotas, and what to know about it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDebounced } from "../../app/use-debounced.ts";
import { bytesText, countText } from "../../components/quantity.ts";
import { FailedNotice, Notice } from "../../components/states.tsx";
import type { CreateBatchExport, Estimate, ExportTable, Preview } from "../../generated/types.gen.ts";
import { warningsOf } from "./export-warnings.ts";
import { pageOf, type TableName } from "./table-pages.ts";
import { estimateOptions } from "./table-queries.ts";

type SizeProps = { table: ExportTable; name: TableName; request: CreateBatchExport; preview: Preview | undefined };

const quietMs = 400;

export const ExportSize = ({ table, name, request, preview }: SizeProps) => {
  const { data, error, isPlaceholderData } = useQuery({
    ...estimateOptions(useDebounced(request.query, quietMs)),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const warnings = [...new Set([...warningsOf(table, name, request.query), ...(data?.warnings ?? []), ...(preview?.warnings ?? [])])];
  return (
    <section className="export-size" aria-label="Size" aria-busy={isPlaceholderData}>
      {data === undefined ? (
        error === null ? (
          <p className="muted">Counting…</p>
        ) : (
          <FailedNotice error={error} />
        )
      ) : (
        <Size name={name} estimate={data} limit={request.query.limit} />
      )}
      {warnings.map((warning) => (
        <Notice key={warning} tone="warning">
          {warning}
        </Notice>
      ))}
    </section>
  );
};

const Size = ({ name, estimate, limit }: { name: TableName; estimate: Estimate; limit: number | undefined }) => {
  const { rows, bytes, exact, rowLimit, truncated, quota } = estimate;
  const { noun } = pageOf(name);
  return (
    <>
      <p className="export-count">
        <strong className="numeric">
          {exact ? "" : "at most "}
          {countText(rows)} {rows === 1 ? noun : `${noun}s`}
        </strong>
        <span className="muted" title={`${countText(bytes)} bytes`}>
          about {bytesText(bytes)} before compression{exact ? "" : "; an estimate, since the filter reads payloads"}
        </span>
      </p>
      {truncated && limit === undefined ? (
        <Notice tone="warning">
          The export ends after {countText(rowLimit)} rows, the limit of this server. Choose a range of time to have all.
        </Notice>
      ) : null}
      {quota.fits ? null : (
        <Notice tone="danger">
          This export does not fit the quotas of the project now:{" "}
          {quota.quotas
            .filter(({ left, cost }) => left !== null && cost > left)
            .map(({ name: quotaName, left, cost }) => `${quotaName}: needs ${countText(cost)}, ${countText(left ?? 0)} left`)
            .join("; ")}
          .
        </Notice>
      )}
      <Quotas quotas={quota.quotas} />
    </>
  );
};

/** Only those that have a limit. */
const Quotas = ({ quotas }: { quotas: Estimate["quota"]["quotas"] }) => {
  const limited = quotas.filter(({ limit }) => limit !== null);
  if (limited.length === 0) return null;
  return (
    <details>
      <summary className="muted">Quotas</summary>
      <ul className="numeric">
        {limited.map(({ name, cost, left, limit }) => (
          <li key={name}>
            {name}: takes {countText(cost)} of {countText(left ?? 0)} left ({countText(limit ?? 0)} in all)
          </li>
        ))}
      </ul>
    </details>
  );
};
