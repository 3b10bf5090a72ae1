/** Requests of the ingestion benchmark: batches of Langfuse events, and OpenTelemetry requests with the same traces, of about 2 kB an entity. */

export const entitiesOfRequest = 200;
const observationsOfTrace = 10;
const text = "words of a conversation ".repeat(40);

/** `number` 200-event batch: a trace, then nine generations of it, and so on. */
export const eventsBatch = (number: number): string => {
  const batch = Array.from({ length: entitiesOfRequest }, (_, i) => {
    const [trace, id] = [`t${number}-${Math.floor(i / observationsOfTrace)}`, `o${number}-${i}`];
    const timestamp = new Date(Date.UTC(2026, 0, 1) + number * 1000 + i).toISOString();
    return i % observationsOfTrace === 0
      ? { id: `e${id}`, timestamp, type: "trace-create", body: { id: trace, name: "bench", userId: `u${number}`, input: text } }
      : {
          id: `e${id}`,
          timestamp,
          type: "generation-create",
          body: {
            id,
            traceId: trace,
            name: "call",
            startTime: timestamp,
            endTime: timestamp,
            model: "gpt-4o",
            input: text,
            output: text,
            usage: { input: 10, output: 20 },
          },
        };
  });
  return JSON.stringify({ batch });
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const message = (role: string): string => JSON.stringify([{ role, content: text }]);
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** `number` OTLP/JSON request of 200 spans: a root, then nine model calls below it, and so on. */
export const spansRequest = (number: number): string => {
  const spans = Array.from({ length: entitiesOfRequest }, (_, i) => {
    const place = number * entitiesOfRequest + i;
    const root = place - (place % observationsOfTrace);
    const startMs = Date.UTC(2026, 0, 1) + number * 1000 + i;
    const isRoot = place === root;
    return {
      traceId: hex(root + 1, 32),
      spanId: hex(place + 1, 16),
      ...(isRoot ? {} : { parentSpanId: hex(root + 1, 16) }),
      name: isRoot ? "agent" : "call",
      kind: 1,
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${startMs + 5}000000`,
      status: { code: 1 },
      attributes: isRoot
        ? [attribute("user.id", `u${number}`), attribute("session.id", `s${number}`)]
        : [
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.request.model", "gpt-4o"),
            { key: "gen_ai.usage.input_tokens", value: { intValue: "10" } },
            { key: "gen_ai.usage.output_tokens", value: { intValue: "20" } },
            attribute("gen_ai.input.messages", message("user")),
            attribute("gen_ai.output.messages", message("assistant")),
          ],
    };
  });
  const scopeSpans = [{ scope: { name: "bench", version: "1" }, spans }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: [attribute("service.name", "bench")] }, scopeSpans }] });
};
