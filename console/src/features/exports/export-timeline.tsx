/** What has happened to an export and its attempts, oldest first, and what comes next. */
import { Time } from "../../components/time.tsx";
import type { BatchExport } from "../../generated/types.gen.ts";
import "./export-timeline.css";
import { timelineOf } from "./timeline.ts";

export const ExportTimeline = ({ export: one }: { export: BatchExport }) => (
  <ol className="timeline">
    {timelineOf(one).map(({ id, title, detail, at, tone }) => (
      <li key={id} className={`timeline-${tone}`}>
        <div>
          <p>{title}</p>
          {detail === null ? null : <p className="muted">{detail}</p>}
        </div>
        {at === null ? null : <Time at={at} form="full" />}
      </li>
    ))}
  </ol>
);
