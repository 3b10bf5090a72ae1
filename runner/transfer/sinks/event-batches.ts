/** Batches of events: cut by number and bytes, sent one after the other, and halved where the service says that one is too large. */
import type { Rejection, RowRevision, SinkEvent } from "../../../core/integrations/analytics/sink-event.ts";
import type { SendResult } from "./event-sink.ts";
import { SinkFailure } from "./sink-failure.ts";

export type EncodedEvent<Body> = { event: SinkEvent<Body>; json: string; bytes: number };
export type EventBatch<Body> = readonly EncodedEvent<Body>[];

export type BatchLimits = {
  eventsMax: number;
  /** Of the events of a batch, without compression. Lowered for good when the service refuses a batch as too large. */
  bytesMax: number;
  /** An event must be smaller. */
  eventBytesMax: number;
};

export type BatchAnswer =
  | { kind: "taken"; rejected: Rejection[]; warnings: number }
  | { kind: "tooLarge" }
  /** Refused as a whole without a word on which event is at fault. `reason` is the service's own. */
  | { kind: "refused"; reason: string };

/** If this many events of one batch are refused alone, the fault is not theirs. */
const refusedAloneMax = 20;

export const reject = ({ table, rowId, version }: RowRevision, code: Rejection["code"], message: string): Rejection => ({
  event: { table, rowId, version },
  code,
  message,
});

/** Sends events of one kind of batch. Holds one batch. */
export const sendInBatches = async <Body>(
  events: readonly SinkEvent<Body>[],
  {
    limits,
    encode,
    send,
  }: { limits: BatchLimits; encode: (body: Body) => string; send: (batch: EventBatch<Body>) => Promise<BatchAnswer> },
): Promise<SendResult> => {
  const result: SendResult = { sent: 0, accepted: 0, rejected: [], bytes: 0, warnings: 0 };
  let batch: EncodedEvent<Body>[] = [];
  let bytes = 0;
  let ids = new Set<string>();
  const flush = async () => {
    if (batch.length > 0) await sendInHalves(batch, { limits, send }, result);
    batch = [];
    bytes = 0;
    ids = new Set();
  };
  for (const event of events) {
    const json = encode(event.body);
    const encoded = { event, json, bytes: Buffer.byteLength(json) + 1 };
    if (encoded.bytes > limits.eventBytesMax) {
      result.sent++;
      result.rejected.push(
        reject(event, "EVENT_TOO_LARGE", `The event has ${encoded.bytes - 1} bytes; ${limits.eventBytesMax} are too many.`),
      );
      continue;
    }
    // PostHog refuses a batch in which two events have one id, as a trace and its score may have.
    if (batch.length >= limits.eventsMax || bytes + encoded.bytes > limits.bytesMax || ids.has(event.eventId)) await flush();
    batch.push(encoded);
    bytes += encoded.bytes;
    ids.add(event.eventId);
  }
  await flush();
  return result;
};

/** The events of a batch as the members of a JSON array, in pieces. */
export const membersOf = (batch: EventBatch<unknown>): string[] => batch.flatMap(({ json }, index) => (index === 0 ? [json] : [",", json]));

const bytesOf = (batch: EventBatch<unknown>): number => batch.reduce((sum, { bytes }) => sum + bytes, 0);

type HalvesDeps<Body> = { limits: BatchLimits; send: (batch: EventBatch<Body>) => Promise<BatchAnswer> };

/** Adds to the result what becomes of a batch. Throws SINK_REJECTED if nearly everything is refused and nothing says why. */
const sendInHalves = async <Body>(whole: EventBatch<Body>, { limits, send }: HalvesDeps<Body>, result: SendResult): Promise<void> => {
  const waiting: EventBatch<Body>[] = [whole];
  let refusedAlone = 0;
  for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) {
    const answer = await send(batch);
    if (answer.kind === "taken") {
      result.sent += batch.length;
      result.bytes += bytesOf(batch);
      result.accepted += batch.length - answer.rejected.length;
      result.rejected.push(...answer.rejected);
      result.warnings += answer.warnings;
      continue;
    }
    const [first, second] = batch;
    if (first !== undefined && second === undefined) {
      const isTooLarge = answer.kind === "tooLarge";
      if (!isTooLarge && ++refusedAlone > refusedAloneMax) throw new SinkFailure({ code: "SINK_REJECTED", detail: answer.reason });
      result.sent++;
      result.rejected.push(
        isTooLarge
          ? reject(first.event, "EVENT_TOO_LARGE", `The service refused the event of ${first.bytes - 1} bytes as too large.`)
          : reject(first.event, "REFUSED_BY_SINK", answer.reason),
      );
      continue;
    }
    if (answer.kind === "tooLarge") limits.bytesMax = Math.min(limits.bytesMax, Math.ceil(bytesOf(batch) / 2));
    const half = Math.ceil(batch.length / 2);
    waiting.push(batch.slice(half), batch.slice(0, half));
  }
};
