/** One span through the whole of it: recorded by the real SDK, encoded, decoded, mapped. */

import type { Attributes } from "@opentelemetry/api";
import { expect } from "vitest";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { mergeMetadata } from "../../../core/ingestion/merge/merge-metadata.ts";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import type { MappedEvent } from "../../../core/otel/mapped-event.ts";
import { asProtobuf, recordSpans } from "./exported-spans.ts";

/** What spans become has to pass the schema of events: there is nobody left to tell of a fault. */
export const expectTaken = (event: MappedEvent): void => expect(parseEvent(event, { isInternal: true })).toMatchObject({ ok: true });

/** The event of a root as its trace is told by it: what was set for the trace over what the span has. */
export const asTrace = (event: MappedEvent): MappedEvent => {
  const parsed = parseEvent(event, { isInternal: true });
  if (!parsed.ok || parsed.event?.entityType !== "trace") throw new Error("not an event of a trace");
  const { otel, ...told } = event.body;
  const { name, version, release, environment, content } = parsed.event.body.otel?.candidate ?? {};
  const metadata = mergeMetadata([content?.metadata, parsed.event.body.metadata]);
  const own = { name, version, release, environment, ...content };
  return { ...event, body: { ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)), ...told, metadata } };
};

export const nowMs = Date.UTC(2026, 10, 21);

export type OneSpan = {
  name?: string;
  scope?: string;
  scopeVersion?: string;
  resource?: Attributes;
  attributes?: Attributes;
  events?: { name: string; attributes: Attributes }[];
  error?: string;
};

export const mapOne = ({ name = "span", scope = "test-scope", scopeVersion = "1.2.3", resource, attributes, events, error }: OneSpan) => {
  const spans = recordSpans({
    scope: { name: scope, version: scopeVersion },
    ...(resource === undefined ? {} : { resource }),
    spans: [
      {
        name,
        ...(attributes === undefined ? {} : { attributes }),
        ...(events === undefined ? {} : { events }),
        ...(error === undefined ? {} : { error }),
      },
    ],
  });
  const { events: mapped, rejected } = mapSpans(decodeTracesProtobuf(asProtobuf(spans)).traces, { nowMs });
  const observation = mapped.find((event) => event.type !== "trace-create");
  const trace = mapped.find((event) => event.type === "trace-create");
  if (observation === undefined || trace === undefined || rejected.length > 0)
    throw new Error(`not mapped: ${JSON.stringify({ mapped, rejected })}`);
  for (const event of mapped) expectTaken(event);
  return { observation, trace: asTrace(trace), mapped } satisfies { observation: MappedEvent; trace: MappedEvent; mapped: MappedEvent[] };
};
