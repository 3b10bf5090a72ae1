/** One span through the whole of it: recorded by the real SDK, encoded, decoded, mapped. */
import type { Attributes } from "@opentelemetry/api";
import { expect } from "vitest";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { type MappedEvent, mapSpans } from "../../../core/otel/map-spans.ts";
import { asProtobuf, recordSpans } from "./exported-spans.ts";

/** What spans become has to pass the schema of events: there is nobody left to tell of a fault. */
export const expectTaken = (event: MappedEvent): void => expect(parseEvent(event, { isInternal: true })).toMatchObject({ ok: true });

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
  return { observation, trace, mapped } satisfies { observation: MappedEvent; trace: MappedEvent; mapped: MappedEvent[] };
};
