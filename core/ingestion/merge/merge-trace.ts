/** Ingestion, merge: all events of one trace to its row. */
import { columnText, nullableText } from "../column-text.ts";
import type { RootContent, TraceBody, TraceEvent } from "../event.ts";
import { instantText, payloadText, type TraceRow } from "../rows.ts";
import type { MergeContext } from "./merge-context.ts";
import { mergeMetadata, metadataMap } from "./merge-metadata.ts";
import { firstPresent, lastNamed, lastPresent } from "./pick-field.ts";
import { storedColumns } from "./stored-columns.ts";
import { readTrace, type TraceRoot } from "./trace-root.ts";

/**
 * Returns undefined without events. Fields set for the trace win, whoever set them; all others come from the root span. `rootContent` is
 * that span's content where its event does not carry it. No event can bookmark a trace.
 */
export const mergeTrace = (events: readonly TraceEvent[], context: MergeContext, rootContent?: RootContent): TraceRow | undefined => {
  const { ordered, root } = readTrace(events);
  const [first] = ordered;
  if (first === undefined) return undefined;
  const bodies = ordered.map((event) => event.body);
  const content = root?.content ?? rootContent ?? {};
  const keyed = root === undefined ? bodies : ordered.flatMap((event) => keyedBody(event, root, bodies));
  const named = <Key extends "name" | "release" | "version">(key: Key) => {
    const latest = lastNamed(bodies, key);
    return latest === undefined ? root?.[key] : latest;
  };
  return {
    id: columnText(first.entityId),
    timestamp: instantText(firstPresent(keyed, "timestamp") ?? first.timestamp),
    name: columnText(named("name") ?? ""),
    user_id: nullableText(identityOf(bodies, "userId", "isUserInferred")),
    metadata: metadataMap(mergeMetadata([content.metadata, ...bodies.map((body) => body.metadata)])),
    release: nullableText(named("release")),
    version: nullableText(named("version")),
    project_id: columnText(context.projectId),
    environment: columnText(firstPresent(keyed, "environment") ?? "default"),
    public: lastNamed(bodies, "public") ?? false,
    bookmarked: false,
    tags: [...new Set(bodies.flatMap((body) => (body.tags ?? []).map(columnText)))].sort(),
    input: payloadText(lastPresent(bodies, "input") ?? content.input),
    output: payloadText(lastPresent(bodies, "output") ?? content.output),
    session_id: nullableText(identityOf(bodies, "sessionId", "isSessionInferred")),
    ...storedColumns(context),
  };
};

/** Among events made from spans, only the root's gives the trace's timestamp, and its environment if it names one. */
const keyedBody = ({ id, body }: TraceEvent, root: TraceRoot, bodies: readonly TraceBody[]): TraceBody[] => {
  if (body.otel === undefined) return [body];
  if (id !== root.event.id) return [];
  const spans = bodies.filter(({ otel }) => otel !== undefined);
  return [{ ...body, environment: root.environment === "default" ? (firstPresent(spans, "environment") ?? "default") : root.environment }];
};

/** One that was set explicitly counts before one that was inferred, whichever came last. */
const identityOf = (
  bodies: readonly TraceBody[],
  key: "userId" | "sessionId",
  flag: "isUserInferred" | "isSessionInferred",
): string | null | undefined => {
  const set = lastNamed(
    bodies.filter(({ otel }) => otel?.[flag] !== true),
    key,
  );
  return set ?? lastNamed(bodies, key);
};
