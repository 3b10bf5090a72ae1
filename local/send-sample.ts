/** Sends the sample as an application would: through the ingestion API, and one conversation with the Langfuse SDK. */
import { Langfuse } from "langfuse";

type Row = Record<string, unknown>;
type Target = { apiUrl: string; publicKey: string; secretKey: string };

const instant = (text: unknown): string | null => (typeof text === "string" ? `${text.replace(" ", "T")}Z` : null);
const numbers = (map: unknown): Record<string, number> =>
  Object.fromEntries(Object.entries((map ?? {}) as Record<string, unknown>).map(([kind, value]) => [kind, Number(value)]));

/** Yields the events an SDK would have sent for the sample's rows: a trace before its first observation. */
export function* ingestionEvents(rows: Iterable<Row>): Generator<object> {
  let trace: unknown;
  for (const row of rows) {
    const timestamp = instant(row["start_time"]);
    if (row["trace_id"] !== trace) {
      trace = row["trace_id"];
      yield {
        id: `${String(trace)}-event`,
        timestamp,
        type: "trace-create",
        body: {
          id: trace,
          timestamp,
          name: row["trace_name"],
          userId: row["user_id"] === "" ? null : row["user_id"],
          sessionId: row["session_id"],
          environment: row["environment"],
          release: row["release"],
          tags: row["tags"],
        },
      };
    }
    const names = row["metadata_names"] as string[];
    const isGeneration = row["type"] === "GENERATION";
    yield {
      id: `${String(row["span_id"])}-event`,
      timestamp,
      type: `${String(row["type"]).toLowerCase()}-create`,
      body: {
        id: row["span_id"],
        traceId: trace,
        parentObservationId: row["parent_span_id"] === "" ? null : row["parent_span_id"],
        name: row["name"],
        startTime: timestamp,
        endTime: instant(row["end_time"]),
        environment: row["environment"],
        level: row["level"],
        statusMessage: row["status_message"] === "" ? null : row["status_message"],
        version: row["version"],
        input: row["input"],
        output: row["output"],
        metadata: Object.fromEntries(names.map((name, i) => [name, (row["metadata_values"] as string[])[i]])),
        ...(isGeneration
          ? {
              model: row["provided_model_name"],
              modelParameters: JSON.parse(String(row["model_parameters"])) as object,
              usageDetails: numbers(row["usage_details"]),
              costDetails: numbers(row["cost_details"]),
              completionStartTime: instant(row["completion_start_time"]),
            }
          : {}),
      },
    };
  }
}

/** Sends batches of 200, four at a time. Returns the number of observations sent. */
export const sendSample = async ({ apiUrl, publicKey, secretKey }: Target, rows: Iterable<Row>): Promise<number> => {
  const events = [...ingestionEvents(rows)];
  const batches: object[][] = [];
  for (let at = 0; at < events.length; at += 200) batches.push(events.slice(at, at + 200));
  let next = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
        const response = await fetch(`${apiUrl}/api/public/ingestion`, {
          method: "POST",
          headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
          body: JSON.stringify({ batch }),
        });
        const answer = (await response.json()) as { errors?: object[] };
        if (response.status !== 207 || answer.errors?.length !== 0)
          throw new Error(`The API refused sample events: ${JSON.stringify(answer).slice(0, 500)}`);
      }
    }),
  );
  return events.filter((event) => (event as { type: string }).type !== "trace-create").length;
};

/** Traces one conversation with the SDK as its documentation shows. Returns the trace id. */
export const traceConversation = async ({ apiUrl, publicKey, secretKey }: Target): Promise<string> => {
  const langfuse = new Langfuse({ publicKey, secretKey, baseUrl: apiUrl });
  const trace = langfuse.trace({
    name: "sdk-conversation",
    userId: "you",
    sessionId: "demo",
    tags: ["demo"],
    input: { question: "How do I get my traces out?" },
  });
  const search = trace.span({ name: "search_docs", input: { query: "export" } });
  search.end({ output: ["POST /api/public/batch-exports"] });
  const generation = trace.generation({
    name: "answer",
    model: "gpt-4o",
    modelParameters: { temperature: 0.2 },
    input: [{ role: "user", content: "How do I get my traces out?" }],
  });
  generation.end({ output: { role: "assistant", content: "Ask for an export." }, usage: { input: 120, output: 18 } });
  trace.score({ name: "helpful", value: 1 });
  trace.update({ output: "Ask for an export." });
  await langfuse.shutdownAsync();
  return trace.id;
};
