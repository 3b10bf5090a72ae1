/**
 * Maps an event to PostHog's form: what its SDKs send to `/batch/`. Limits: PostHog/posthog `rust/capture/src/v1/analytics/`,
 * read 2026-11-28.
 */
import { eventIdOf } from "./event-ids.ts";
import type { AnalyticsEvent } from "./map-to-analytics-event.ts";
import type { Mapped } from "./sink-event.ts";

export type PostHogBody = {
  event: string;
  uuid: string;
  distinct_id: string;
  /** ISO 8601 UTC with milliseconds. */
  timestamp: string;
  properties: Readonly<Record<string, unknown>>;
};

const eventNames = {
  traces: "langfuse trace",
  generations: "langfuse generation",
  scores: "langfuse score",
  events: "langfuse event",
};

/** PostHog counts bytes, although its documentation says characters. */
const distinctIdBytesMax = 200;
/** PostHog replaces a later time with its own: each retry would then be another event. */
const aheadMsMax = 23 * 3_600_000;

/** Ids that PostHog merges nobody into, compared trimmed and in lower case. */
const refusedIds: ReadonlySet<string> = new Set([
  "",
  "0",
  "00000000-0000-0000-0000-000000000000",
  "[object object]",
  "anonymous",
  "anonymous-user",
  "backend",
  "distinct_id",
  "distinctid",
  "email",
  "false",
  "guest",
  "id",
  "nan",
  "none",
  "not_authenticated",
  "null",
  "system",
  "true",
  "undefined",
  "user",
]);

const encoder = new TextEncoder();

/** Returns whether PostHog accepts a user's id as `distinct_id`. */
const isPerson = (userId: string): boolean =>
  !refusedIds.has(userId.trim().toLowerCase()) && encoder.encode(userId).byteLength <= distinctIdBytesMax;

/** A user that PostHog refuses is kept in `langfuse_user_id`; the event is then nobody's, under its own uuid. */
export const toPostHogEvent = (event: AnalyticsEvent, { nowMs }: { nowMs: number }): Mapped<PostHogBody> => {
  const { table, rowId, version, timeMs, userId, properties } = event;
  const revision = { table, rowId, version };
  if (timeMs > nowMs + aheadMsMax)
    return {
      rejection: {
        event: revision,
        code: "EVENT_TIME_OUT_OF_RANGE",
        message: `PostHog accepts times up to 23 hours ahead; this is ${new Date(timeMs).toISOString()}.`,
      },
    };
  const uuid = eventIdOf("posthog", event.projectId, rowId);
  const person = userId !== null && isPerson(userId) ? userId : null;
  const userUrl = properties["langfuse_user_url"];
  return {
    event: {
      ...revision,
      eventId: uuid,
      timeMs,
      body: {
        event: eventNames[table],
        uuid,
        distinct_id: person ?? uuid,
        timestamp: new Date(timeMs).toISOString(),
        properties: {
          ...properties,
          $session_id: event.posthogSessionId,
          ...(person === null ? { $process_person_profile: false } : {}),
          ...(person !== null && userUrl !== undefined ? { $set: { langfuse_user_url: userUrl } } : {}),
        },
      },
    },
  };
};
