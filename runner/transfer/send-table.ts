/**
 * Sends the rows of one analytics table to a product: slices in order, lines to rows, rows to events, 1,000 at a time. Four thousand
 * are on their way while the next thousand is read, and the server works on the next slices; a slow product slows the reading.
 * Memory: one chunk of a slice, one line, 5,000 rows.
 */
import type { AnalyticsTable } from "../../core/integrations/analytics/analytics-tables.ts";
import {
  type AnalyticsContext,
  type AnalyticsEvent,
  mapToAnalyticsEvent,
} from "../../core/integrations/analytics/map-to-analytics-event.ts";
import type { Mapped, Rejection } from "../../core/integrations/analytics/sink-event.ts";
import type { Clock } from "../deps.ts";
import type { EventSink } from "./sinks/event-sink.ts";
import type { ExportSource } from "./source/export-source.ts";
import { openAhead } from "./source/open-ahead.ts";
import { readSlice } from "./source/slice-reader.ts";

type SendTableDeps = {
  crc32: (bytes: Uint8Array, seed?: number) => number;
  clock: Pick<Clock, "nowMs" | "wait" | "startTimer">;
  /** How many slices are opened ahead of the one being read. */
  slicesAhead: number;
};

type TableToSend<Body> = {
  table: AnalyticsTable;
  /** Opened with `analyticsSource(table)`. */
  source: ExportSource;
  context: AnalyticsContext;
  /** `toPostHogEvent` or `toMixpanelEvent`, and the sink for it. */
  map: (event: AnalyticsEvent, at: { nowMs: number }) => Mapped<Body>;
  sink: EventSink<Body>;
  /** Awaited after each acknowledgement that has any. May be told the same rejection again when the table is sent again. */
  onRejected: (rejections: readonly Rejection[]) => Promise<void>;
  signal: AbortSignal;
};

/** `sent = accepted + rejected`, and one for each row. `bytes`: JSON of the events that the product has judged, without compression. */
export type SentTable = { sent: number; accepted: number; rejected: number; bytes: number; warnings: number };

const rowsMax = 1000;
/** Hides the way to the product and back, and the compression: with 2, thread and product waited for each other in turn. Rows of a window are different rows, so their order does not matter. */
const inFlightMax = 4;

/** Throws what source or sink throw, and RowsRekeyed if rows moved while they were read; what was sent so far has arrived. */
export const sendTable = async <Body>(deps: SendTableDeps, toSend: TableToSend<Body>): Promise<SentTable> => {
  const { table, source, context, map, sink, onRejected, signal } = toSend;
  const total: SentTable = { sent: 0, accepted: 0, rejected: 0, bytes: 0, warnings: 0 };
  const send = async (mapped: readonly Mapped<Body>[]) => {
    const unfit = mapped.flatMap((one) => ("rejection" in one ? [one.rejection] : []));
    const result = await sink.send(
      mapped.flatMap((one) => ("event" in one ? [one.event] : [])),
      { signal },
    );
    const rejected = [...unfit, ...result.rejected];
    if (rejected.length > 0) await onRejected(rejected);
    total.sent += result.sent + unfit.length;
    total.accepted += result.accepted;
    total.rejected += rejected.length;
    total.bytes += result.bytes;
    total.warnings += result.warnings;
  };
  const inFlight = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  /** Waits until at most this many are on their way. Throws the first failure. */
  const waitUntil = async (most: number) => {
    while (inFlight.size > most && failure === undefined) await Promise.race(inFlight);
    if (failure !== undefined) throw failure.error;
  };
  const sendBehind = async (lines: readonly string[]) => {
    const nowMs = deps.clock.nowMs();
    const mapped = lines.map((line) => map(mapToAnalyticsEvent(table, JSON.parse(line), context), { nowMs }));
    await waitUntil(inFlightMax - 1);
    const sending: Promise<void> = send(mapped)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };

  let lines: string[] = [];
  const openSlice = (slice: ExportSource["slices"][number], index: number, attempts: number) =>
    slice.open({ attempts, limitRows: Number.MAX_SAFE_INTEGER, isFirst: index === 0, isCompressed: false });
  const openings = openAhead(source.slices, deps.slicesAhead, (slice, index) => openSlice(slice, index, 0));
  try {
    for (const [index, slice] of source.slices.entries()) {
      const decoder = new TextDecoder();
      let rest = "";
      await readSlice(
        { open: (attempts) => openSlice(slice, index, attempts), ending: "lines" },
        openings.take(index, slice),
        { crc32: deps.crc32, wait: deps.clock.wait, startTimer: deps.clock.startTimer, signal },
        async (chunk) => {
          const pieces = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
          rest = pieces.pop() ?? "";
          for (const line of pieces) {
            lines.push(line);
            if (lines.length < rowsMax) continue;
            await sendBehind(lines);
            lines = [];
          }
        },
      );
      openings.forget(index);
    }
    if (lines.length > 0) await sendBehind(lines);
    await waitUntil(0);
  } finally {
    openings.close();
    await Promise.all(inFlight);
  }
  await source.proveNothingRekeyed(total.sent);
  return total;
};
