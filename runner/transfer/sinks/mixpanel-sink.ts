/**
 * Sends events to Mixpanel's `/import?strict=1`. Facts: docs.mixpanel.com/reference/import-events.md and
 * docs.mixpanel.com/troubleshooting/errors/400-bad-request.md, read 2026-11-28.
 */
import { z } from "zod";
import type { Rejection } from "../../../core/integrations/analytics/sink-event.ts";
import type { MixpanelBody } from "../../../core/integrations/analytics/to-mixpanel-event.ts";
import { mixpanelOrigin, type mixpanelRegions } from "../../../core/integrations/kinds/mixpanel.ts";
import { type BatchAnswer, type BatchLimits, type EventBatch, membersOf, reject, sendInBatches } from "./event-batches.ts";
import type { EventSink } from "./event-sink.ts";
import { basicOf, jsonOf, parseSuccess, quoteWithout } from "./read-answer.ts";
import { SinkFailure } from "./sink-failure.ts";
import { postJson, type SinkDeps, withAttempts } from "./sink-request.ts";

type MixpanelSettings = { region: (typeof mixpanelRegions)[number]; projectToken: string };

/** `baseUrl` replaces Mixpanel's address, for a local server. No setting of a customer. */
type MixpanelDeps = SinkDeps & { baseUrl?: string };

/** Half of the events that Mixpanel accepts, and a tenth less than its bytes. */
const limitsDefault: BatchLimits = { eventsMax: 1000, bytesMax: 9_000_000, eventBytesMax: 1_000_000 };

const repeated = new Set(["SINK_UNAVAILABLE", "SINK_RATE_LIMITED", "SINK_UNEXPECTED_ANSWER"] as const);

const FailedRecord = z.object({
  index: z.int().optional(),
  /** Documented under both names. */
  insert_id: z.string().optional(),
  $insert_id: z.string().optional(),
  field: z.string().default(""),
  message: z.string().default(""),
});
const Imported = z.object({ num_records_imported: z.int() });
const PartlyImported = z.object({ num_records_imported: z.int(), failed_records: z.array(FailedRecord).min(1) });

export const createMixpanelSink = ({ region, projectToken }: MixpanelSettings, deps: MixpanelDeps): EventSink<MixpanelBody> => {
  const url = `${deps.baseUrl ?? mixpanelOrigin(region)}/import?strict=1`;
  const authorization = `Basic ${basicOf(projectToken)}`;
  const limits = { ...limitsDefault };
  const quote = quoteWithout(projectToken);

  /**
   * A 400 that names failed records is a partial success: the others are stored. Where its numbers leave events out, these are sent again.
   * A 400 that names none stored nothing; the batch is halved to find the event at fault.
   */
  const sendBatch = (batch: EventBatch<MixpanelBody>, signal: AbortSignal): Promise<BatchAnswer> => {
    const rejected: Rejection[] = [];
    let pending = batch;
    return withAttempts(deps, { codes: repeated, signal }, async () => {
      const answer = await postJson(deps, {
        url,
        headers: { authorization, accept: "application/json" },
        body: ["[", ...membersOf(pending), "]"],
        signal,
      });
      const { status, text } = answer;
      if (status === 413 && pending === batch) return { kind: "tooLarge" };
      const partly = status === 400 ? PartlyImported.safeParse(jsonOf(text)).data : undefined;
      if (partly === undefined) {
        if (status === 400 && pending === batch) return { kind: "refused", reason: quote(text) };
        parseSuccess(Imported, answer, { quote, nowMs: deps.clock.nowMs() });
        return { kind: "taken", rejected, warnings: 0 };
      }
      const failed = failedIn(pending, partly.failed_records);
      const isComplete = partly.num_records_imported + failed.size === pending.length;
      for (const [{ event }, reason] of failed) rejected.push(reject(event, "REFUSED_BY_SINK", quote(reason)));
      if (isComplete) return { kind: "taken", rejected, warnings: 0 };
      pending = pending.filter((event) => !failed.has(event));
      throw new SinkFailure({
        code: "SINK_UNEXPECTED_ANSWER",
        detail: `${partly.num_records_imported} imported and ${failed.size} failed of ${pending.length + failed.size}`,
      });
    });
  };

  return {
    send: (events, { signal }) => sendInBatches(events, { limits, encode: JSON.stringify, send: (batch) => sendBatch(batch, signal) }),
  };
};

/** The events that the records name, by index where that fits the id, else by id, with field and message. */
const failedIn = <Event extends { event: { eventId: string } }>(
  batch: readonly Event[],
  records: readonly z.output<typeof FailedRecord>[],
): Map<Event, string> => {
  const byId = new Map(batch.map((one) => [one.event.eventId, one]));
  const failed = new Map<Event, string>();
  for (const { index, field, message, ...ids } of records) {
    const id = ids.$insert_id ?? ids.insert_id;
    const at = index === undefined ? undefined : batch[index];
    const found = at !== undefined && (id === undefined || at.event.eventId === id) ? at : byId.get(id ?? "");
    if (found !== undefined) failed.set(found, field === "" ? message : `${field}: ${message}`);
  }
  return failed;
};
