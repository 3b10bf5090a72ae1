/**
 * Maps an event to Mixpanel's form for `/import`. Limits: docs.mixpanel.com/reference/import-events.md and
 * docs.mixpanel.com/troubleshooting/errors/400-bad-request.md, read 2026-11-28.
 */
import { isRecord } from "../../is-record.ts";
import { eventIdOf } from "./event-ids.ts";
import type { AnalyticsEvent } from "./map-to-analytics-event.ts";
import type { Mapped, RejectionCode } from "./sink-event.ts";

export type MixpanelBody = { event: string; properties: Readonly<Record<string, unknown>> };

const eventNames = {
  traces: "[Langfuse] Trace",
  generations: "[Langfuse] Generation",
  scores: "[Langfuse] Score",
  events: "[Langfuse] Event",
};

const timeMsMin = Date.UTC(1971, 0, 1);
const aheadMsMax = 3_600_000;
/** An event has fewer properties than this, an object fewer keys, a list fewer elements. */
const widthMax = 255;

/** Ids that Mixpanel refuses, compared trimmed and in lower case. */
const refusedIds: ReadonlySet<string> = new Set([
  "-1",
  "0",
  "00000000-0000-0000-0000-000000000000",
  "<nil>",
  "[]",
  "anon",
  "anonymous",
  "false",
  "lmy47d",
  "n/a",
  "na",
  "nil",
  "none",
  "null",
  "true",
  "undefined",
  "unknown",
  "{}",
]);

/** Without a user, an event has its own id as `distinct_id`; with a user that Mixpanel refuses, the empty string: it is nobody's. */
export const toMixpanelEvent = (event: AnalyticsEvent, { nowMs }: { nowMs: number }): Mapped<MixpanelBody> => {
  const { table, rowId, version, timeMs, projectId } = event;
  const revision = { table, rowId, version };
  const rejected = (code: RejectionCode, message: string) => ({ rejection: { event: revision, code, message } });
  if (!(timeMs >= timeMsMin && timeMs <= nowMs + aheadMsMax))
    return rejected(
      "EVENT_TIME_OUT_OF_RANGE",
      `Mixpanel accepts times from 1971 to one hour ahead; this is ${new Date(timeMs).toISOString()}.`,
    );
  const insertId = eventIdOf("mixpanel", projectId, rowId);
  const properties = {
    time: timeMs,
    ...person(event.userId, insertId),
    $insert_id: insertId,
    ...session(event.mixpanelSessionId ?? event.sessionId),
    ...event.properties,
  };
  const wide = tooWide(properties);
  if (wide !== undefined) return rejected("EVENT_TOO_WIDE", `Mixpanel accepts fewer than ${widthMax} ${wide}.`);
  return { event: { ...revision, eventId: insertId, timeMs, body: { event: eventNames[table], properties } } };
};

const person = (userId: string | null, insertId: string) => {
  if (userId === null || userId.trim() === "") return { distinct_id: insertId };
  return refusedIds.has(userId.trim().toLowerCase()) ? { distinct_id: "" } : { distinct_id: userId, $user_id: userId };
};

const session = (sessionId: string | null) => (sessionId === null ? {} : { session_id: sessionId });

/** What there is too much of. */
const tooWide = (properties: Readonly<Record<string, unknown>>): string | undefined => {
  if (Object.keys(properties).length >= widthMax) return "properties";
  for (const [name, value] of Object.entries(properties)) {
    if (Array.isArray(value) && value.length >= widthMax) return `elements in ${name}`;
    if (isRecord(value) && Object.keys(value).length >= widthMax) return `keys in ${name}`;
  }
  return undefined;
};
