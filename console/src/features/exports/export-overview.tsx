/** Progress, timeline and request of an export. */
import { CodeBlock, CopyText } from "../../components/code-block.tsx";
import { CodeText } from "../../components/code-text.tsx";
import { Facts } from "../../components/facts.tsx";
import { bytesText, countText } from "../../components/quantity.ts";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { BatchExport } from "../../generated/types.gen.ts";
import { ExportProgress } from "./export-progress.tsx";
import { isActive } from "./export-state.ts";
import { ExportTimeline } from "./export-timeline.tsx";
import { usePaces } from "./use-paces.ts";

export const ExportOverview = ({ export: one, seenAtMs }: { export: BatchExport; seenAtMs: number }) => {
  const pace = usePaces([one], seenAtMs).get(one.id);
  return (
    <div className="columns">
      <div className="stack">
        {one.status === "FAILED" && one.error !== null ? (
          <Notice tone="danger">
            <strong>
              <CodeText text={one.error.message} />
            </strong>{" "}
            <CodeText text={one.error.help} /> <span className="mono">{one.error.code}</span>
          </Notice>
        ) : null}
        {one.warnings.map((warning) => (
          <Notice key={warning} tone="warning">
            {warning}
          </Notice>
        ))}
        {isActive(one) ? (
          <section className="panel" aria-label="Progress">
            <div className="panel-body export-now">
              <ExportProgress followed={one} pace={pace} />
            </div>
          </section>
        ) : null}
        <section className="panel" aria-labelledby="timeline">
          <div className="panel-header">
            <h2 id="timeline">Timeline</h2>
          </div>
          <div className="panel-body">
            <ExportTimeline export={one} />
          </div>
        </section>
        <section className="panel" aria-labelledby="query">
          <div className="panel-header">
            <h2 id="query">Query</h2>
          </div>
          <div className="panel-body">
            <CodeBlock label="query as JSON" code={JSON.stringify(one.query, null, 2)} />
          </div>
        </section>
      </div>
      <Request {...one} />
    </div>
  );
};

const Request = ({
  id,
  tableName,
  format,
  compression,
  result,
  progress,
  requestedBy,
  createdAt,
  expiresAt,
  notify,
  metadata,
}: BatchExport) => (
  <section className="panel" aria-labelledby="facts">
    <div className="panel-header">
      <h2 id="facts">Details</h2>
    </div>
    <div className="panel-body">
      <Facts
        facts={[
          ["Id", <CopyText key="id" text={id} label="id" />],
          ["Table", tableName],
          ["Format", compression === "none" ? format : `${format}, ${compression}`],
          ["Rows", result === null ? null : <span className="numeric">{countText(result.rows)}</span>],
          [
            "Matched",
            result?.truncated && result.matchedRows !== null ? (
              <span className="numeric">
                {countText(result.matchedRows)}; the limit of {countText(result.rowLimit)} left the others out
              </span>
            ) : null,
          ],
          [
            "Size",
            result === null ? null : (
              <span className="numeric" title={`${countText(result.bytes)} bytes`}>
                {bytesText(result.bytes)}
              </span>
            ),
          ],
          ["Attempts", progress.attemptsMax === 0 ? null : `${progress.attempt} of ${progress.attemptsMax}`],
          ["By", <Requester key="by" {...requestedBy} />],
          ["Created", <Time key="created" at={createdAt} form="full" />],
          ["Expires", expiresAt === null ? null : <Time key="expires" at={expiresAt} form="full" />],
          ["Mail", notify ? "When it has ended" : "None"],
          ...Object.entries(metadata ?? {}),
        ]}
      />
    </div>
  </section>
);

const Requester = ({ userId, apiKeyId }: BatchExport["requestedBy"]) =>
  apiKeyId !== null ? (
    <>
      API key <span className="mono">{apiKeyId}</span>
    </>
  ) : userId !== null ? (
    <span className="mono">{userId}</span>
  ) : (
    <>Someone who has left</>
  );
