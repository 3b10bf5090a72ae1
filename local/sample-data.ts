/** Generates realistic agent traces as rows of the events table: any number, identical for the same seed. Holds one batch of rows. */

const agents = ["support-agent", "travel-agent", "code-reviewer", "research-agent"];
const tools = ["search_flights", "get_user_details", "read_file", "web_search", "run_tests", "send_certificate"];
const models = [
  { name: "gpt-4o", inputPrice: 2500, outputPrice: 10_000 },
  { name: "claude-sonnet-4-5", inputPrice: 3000, outputPrice: 15_000 },
  { name: "gemini-2.5-flash", inputPrice: 300, outputPrice: 2500 },
];
const words =
  `flight reservation please confirm the booking refund policy says "economy" fares cannot be changed within 24 hours user wants window seat
résumé naïve 日本語 Ünïcödé 👩‍🚀 null undefined {"json":"inside text"} <b>html</b> C:\\path\\file SELECT * FROM users; assertion failed at line 42 expected 3 got 4`.split(
    /\s+/,
  );

/** mulberry32: a small 32-bit generator, good enough to vary samples. */
const createRandom = (seed: number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

type SampleOptions = {
  projectId: string;
  events: number;
  seed?: number;
  /** Time of the newest event, in milliseconds. */
  endMs: number;
  spanHours?: number;
};

type Row = Record<string, unknown>;

/** Formats a cost in 10^-9 USD as exact decimal text. */
const usd = (nano: number): string => `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, "0")}`;

const time = (us: number): string =>
  `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 23).replace("T", " ")}${String(us % 1000).padStart(3, "0")}`;

/** Yields rows trace by trace until there are `events`. */
export function* sampleEvents({ projectId, events, seed = 1, endMs, spanHours = 24 }: SampleOptions): Generator<Row> {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = (count: number) => Array.from({ length: count }, () => pick(words)).join(" ");
  const startUs = (endMs - spanHours * 3_600_000) * 1000;
  let made = 0;
  for (let trace = 0; made < events; trace++) {
    const size = Math.min(events - made, 3 + Math.floor(random() * 20));
    const traceId = `trace-${seed}-${String(trace).padStart(7, "0")}`;
    const agent = pick(agents);
    const traceUs = Math.floor(startUs + (made / events) * spanHours * 3_600_000_000);
    const shared = {
      project_id: projectId,
      trace_id: traceId,
      trace_name: agent,
      user_id: random() < 0.1 ? "" : `user-${Math.floor(random() * 500)}`,
      session_id: `session-${Math.floor(trace / 4)}`,
      environment: random() < 0.8 ? "production" : "staging",
      release: "2026.11",
      version: "1.4.2",
      tags: [agent, ...(random() < 0.2 ? ["beta"] : [])],
    };
    const history: { role: string; content: string }[] = [{ role: "system", content: `You are ${agent}. ${text(40)}` }];
    for (let step = 0; step < size; step++, made++) {
      const atUs = traceUs + step * (50_000 + Math.floor(random() * 400_000));
      const kind = step === 0 ? "AGENT" : random() < 0.6 ? "GENERATION" : random() < 0.8 ? "TOOL" : "SPAN";
      const failed = random() < 0.03;
      const took = 20_000 + Math.floor(random() * 3_000_000);
      // A few payloads are huge and a few empty, as in real traces.
      const output = random() < 0.02 ? "" : text(random() < 0.005 ? 4000 : 10 + Math.floor(random() * 120));
      const model = pick(models);
      const inputTokens = 50 + Math.floor(random() * 4000);
      const outputTokens = Math.floor(output.length / 4);
      history.push({ role: kind === "TOOL" ? "tool" : "assistant", content: output });
      yield {
        ...shared,
        span_id: `${traceId}-${step}`,
        parent_span_id: step === 0 ? "" : `${traceId}-${Math.max(0, step - 1 - Math.floor(random() * Math.min(step, 3)))}`,
        start_time: time(atUs),
        end_time: random() < 0.01 ? null : time(atUs + took),
        completion_start_time: kind === "GENERATION" ? time(atUs + Math.floor(took / 3)) : null,
        name: kind === "AGENT" ? agent : kind === "TOOL" ? pick(tools) : kind === "GENERATION" ? "chat-completion" : "plan",
        type: kind,
        level: failed ? "ERROR" : "DEFAULT",
        status_message: failed ? "429 Too Many Requests: rate limit reached" : "",
        ...(kind === "GENERATION"
          ? {
              provided_model_name: model.name,
              model_parameters: '{"temperature":0.2,"max_tokens":1024}',
              usage_details: { input: inputTokens, output: outputTokens, total: inputTokens + outputTokens },
              cost_details: {
                input: usd(inputTokens * model.inputPrice),
                output: usd(outputTokens * model.outputPrice),
                total: usd(inputTokens * model.inputPrice + outputTokens * model.outputPrice),
              },
              prompt_name: `${agent}-prompt`,
              prompt_version: 3,
              input: JSON.stringify(history.slice(-8)),
            }
          : { input: kind === "TOOL" ? JSON.stringify({ query: text(5) }) : text(20) }),
        output,
        metadata_names: ["step", "sdk"],
        metadata_values: [String(step), "sample"],
        tool_call_names: kind === "GENERATION" && random() < 0.3 ? [pick(tools)] : [],
        event_ts: time(atUs),
        source: "sample",
      };
    }
  }
}

/** Inserts rows in batches of 5,000. */
export const insertEvents = async (
  target: { url: string; database: string; user?: string; password?: string; table?: string },
  rows: Iterable<Row>,
): Promise<number> => {
  const url = new URL(target.url);
  url.searchParams.set("database", target.database);
  url.searchParams.set("query", `INSERT INTO ${target.table ?? "events"} FORMAT JSONEachRow`);
  let inserted = 0;
  let batch: string[] = [];
  const flush = async () => {
    if (batch.length === 0) return;
    const response = await fetch(url, {
      method: "POST",
      body: batch.join("\n"),
      headers: { "x-clickhouse-user": target.user ?? "default", "x-clickhouse-key": target.password ?? "" },
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`ClickHouse refused the sample rows: ${answer.slice(0, 500)}`);
    inserted += batch.length;
    batch = [];
  };
  for (const row of rows) {
    batch.push(JSON.stringify(row));
    if (batch.length === 5000) await flush();
  }
  await flush();
  return inserted;
};
