/**
 * Port for analytics products, which take events and keep those they accept. tests/conformance/event-sink.ts states the rules:
 * Every event is accepted or rejected with a reason, or `send` throws. Everything is acknowledged before `send` resolves. Events have the
 * same ids however often they are sent, so that a product that knows them can drop repetitions.
 */
import type { Rejection, SinkEvent } from "../../../core/integrations/analytics/sink-event.ts";

/** `sent = accepted + rejected.length`. */
export type SendResult = {
  sent: number;
  accepted: number;
  rejected: Rejection[];
  /** JSON of the events that the product has judged, without compression. */
  bytes: number;
  /** Of the accepted events, those the product has taken with a reservation, such as without a person. */
  warnings: number;
};

export type EventSink<Body> = {
  /**
   * Sends in batches, one after the other; holds one encoded batch. Several calls may run at once. Throws a SinkFailure if a batch could not be delivered: batches before
   * it have arrived, and may be sent again. An error of `fetch` that is an AppError, such as a blocked address, passes unchanged.
   */
  send: (events: readonly SinkEvent<Body>[], options: { signal: AbortSignal }) => Promise<SendResult>;
};
