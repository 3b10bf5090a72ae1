/** All events of one trace to its row. */
import type { TraceEvent } from "../event.ts";
import { columnText, instantText, nullableText, payloadText, type TraceRow } from "../rows.ts";
import type { MergeContext } from "./merge-context.ts";
import { mergeMetadata, metadataMap } from "./merge-metadata.ts";
import { orderEvents } from "./order-events.ts";
import { firstPresent, lastNamed, lastPresent } from "./pick-field.ts";
import { storedColumns } from "./stored-columns.ts";

/** Undefined where there are no events. No event bookmarks a trace. */
export const mergeTrace = (events: readonly TraceEvent[], context: MergeContext): TraceRow | undefined => {
  const ordered = orderEvents(events);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const bodies = ordered.map((event) => event.body);
  return {
    id: columnText(first.entityId),
    timestamp: instantText(firstPresent(bodies, "timestamp") ?? first.timestamp),
    name: columnText(lastNamed(bodies, "name") ?? ""),
    user_id: nullableText(lastNamed(bodies, "userId")),
    metadata: metadataMap(mergeMetadata(bodies.map((body) => body.metadata))),
    release: nullableText(lastNamed(bodies, "release")),
    version: nullableText(lastNamed(bodies, "version")),
    project_id: columnText(context.projectId),
    environment: columnText(firstPresent(bodies, "environment") ?? "default"),
    public: lastNamed(bodies, "public") ?? false,
    bookmarked: false,
    tags: [...new Set(bodies.flatMap((body) => (body.tags ?? []).map(columnText)))].sort(),
    input: payloadText(lastPresent(bodies, "input")),
    output: payloadText(lastPresent(bodies, "output")),
    session_id: nullableText(lastNamed(bodies, "sessionId")),
    ...storedColumns(context),
  };
};
