/**
 * Clients of other projects, unchanged, as their users run them: each program of ./programs runs in a process of its own against a stand-in for the model's API
 * and sends what it traces to the whole stack. What comes out is what the client itself said. Needs `node local/bootstrap.mjs tests/clients`; skipped without it.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bunPath } from "../../local/service.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";
import { answer, embeddingTokens, startModelServer, tokens } from "./model-server.ts";

const isInstalled = existsSync("tests/clients/node_modules/.spillway-installed");
if (!isInstalled) console.warn("SKIPPED: tests/clients, whose packages are not installed. Run: npm run test:clients");

type Row = Record<string, unknown>;
type Observation = Row & { id: string; type: string; usageDetails: Record<string, number>; calculatedTotalCost: number | null };
type Trace = Row & { id: string; observations: Observation[]; totalCost: number };

/** gpt-4o by its list price: 600 tokens of input, 400 from the cache, 100 of output. */
const callCost = (600 * 2.5 + 400 * 1.25 + 100 * 10) / 1e6;
/** text-embedding-3-small. */
const embeddingCost = (embeddingTokens * 0.02) / 1e6;
type Client = {
  /** Calls of the chat model, and what the client tells of the tokens of each; the price follows. */
  calls: number;
  usage: Record<string, number>;
  cost: number;
  /** Whether the span of a call holds the question. */
  hasQuestion: boolean;
  /** Calls of the embedding model, and what their spans tell. */
  embeddings: number;
  tellsEmbeddingTokens: boolean;
  hasEmbeddingInput: boolean;
  traceNames: string[];
  hasUser: boolean;
};
const whole: Client = {
  calls: 1,
  usage: { input: 600, input_cached_tokens: tokens.cached, output: 70, output_reasoning_tokens: tokens.reasoning, total: tokens.total },
  cost: callCost,
  hasQuestion: true,
  embeddings: 0,
  tellsEmbeddingTokens: true,
  hasEmbeddingInput: true,
  traceNames: [],
  hasUser: true,
};
const withoutReasoning = { input: 600, input_cached_tokens: tokens.cached, output: tokens.output, total: tokens.total };
const aiSdk = (name: string): Client => ({
  ...whole,
  calls: 2,
  embeddings: 1,
  traceNames: [`${name}-embed:ai.embedMany`, `${name}-stream:ai.streamText`, `${name}-text:ai.generateText`],
});
/** The integration by the GenAI conventions sends neither reasoning nor what is embedded. */
const aiSdk7: Client = {
  ...whole,
  calls: 2,
  usage: withoutReasoning,
  embeddings: 1,
  hasEmbeddingInput: false,
  traceNames: ["embeddings text-embedding-3-small", "invoke_agent gpt-4o"],
};

const clients: Record<string, Client> = {
  "ai-6": aiSdk("ai-6"),
  "ai-7-otel": aiSdk7,
  "ai-7-legacy": aiSdk("ai-7-legacy"),
  "ai-7-langfuse": aiSdk7,
  /** Its handler names the kinds itself; what an SDK of Langfuse sends stays as it was sent. */
  langchain: {
    ...whole,
    usage: { input: 600, input_cache_read: tokens.cached, output: 70, output_reasoning: tokens.reasoning, total: tokens.total },
    traceNames: ["langchain-text"],
  },
  "openai-langfuse": { ...whole, calls: 2, traceNames: ["openai-langfuse-text"] },
  openinference: {
    ...whole,
    embeddings: 1,
    tellsEmbeddingTokens: false,
    hasUser: false,
    traceNames: ["OpenAI Chat Completions", "OpenAI Embeddings"],
  },
  /** Tells input, output and total of a call, and nothing of its cache. */
  traceloop: {
    ...whole,
    usage: { input: tokens.input, output: tokens.output, total: tokens.total },
    cost: (tokens.input * 2.5 + tokens.output * 10) / 1e6,
    traceNames: ["traceloop-text.workflow"],
  },
  /** The question is with the span above the call. */
  mastra: { ...whole, hasQuestion: false, traceNames: ["capitals"] },
};

/** The events table has empty text where the API says null. */
const orNull = (value: unknown): unknown => (value === "" ? null : value);
/** Kinds that were told and are zero say nothing. */
const counted = (usage: Record<string, number | string>): Record<string, number> =>
  Object.fromEntries(Object.entries(usage).flatMap(([kind, count]) => (Number(count) === 0 ? [] : [[kind, Number(count)] as const])));

const { connection, exported, json, settled } = useWholeStack();

const run = async (program: string, modelUrl: string): Promise<Row> => {
  const { publicKey, secretKey, baseUrl } = connection();
  const child = Bun.spawn([bunPath, `programs/${program}.ts`], {
    cwd: "tests/clients",
    env: {
      ...process.env,
      MODEL_URL: modelUrl,
      LANGFUSE_PUBLIC_KEY: publicKey,
      LANGFUSE_SECRET_KEY: secretKey,
      LANGFUSE_BASE_URL: baseUrl,
    },
    stdout: "pipe",
    stderr: "pipe",
    timeout: waitSeconds * 1000,
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${program}: ${out}${err}`);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as Row;
};

describe.skipIf(!isInstalled)("clients of other projects", () => {
  const server = isInstalled ? startModelServer() : undefined;
  afterAll(() => server?.stop());

  describe.each(Object.entries(clients))("%s", (program, client) => {
    let said: Row;
    let traces: Trace[] = [];
    let observations: Observation[] = [];

    beforeAll(async () => {
      const before = new Set((await json<{ data: Trace[] }>("traces?limit=100")).data.map(({ id }) => id));
      said = await run(program, server?.url ?? "");
      await settled();
      const ids = (await json<{ data: Trace[] }>("traces?limit=100")).data.map(({ id }) => id).filter((id) => !before.has(id));
      traces = await Promise.all(ids.map((id) => json<Trace>(`traces/${id}`)));
      observations = traces.flatMap((trace) => trace.observations);
    });

    const isEmbedding = ({ type, model }: Observation) => type === "EMBEDDING" && model === "text-embedding-3-small";
    const calls = () => observations.filter(({ usageDetails }) => usageDetails["total"] === tokens.total);
    const embeddings = () =>
      observations.filter((one) => isEmbedding(one) && (!client.tellsEmbeddingTokens || one.usageDetails["total"] === embeddingTokens));

    it("every trace has its name, and those of chats have input and output", () => {
      expect([...new Set(traces.map(({ name }) => name))].toSorted()).toEqual(client.traceNames);
      for (const { name, input, output } of traces)
        if (!/embed/i.test(String(name))) expect([name, input === null, output === null]).toEqual([name, false, false]);
    });

    it("user and session are those of the trace", () => {
      const expected = client.hasUser ? { userId: `user-${program}`, sessionId: `session-${program}` } : { userId: null, sessionId: null };
      for (const trace of traces) expect(trace).toMatchObject(expected);
    });

    it("each call of a model is counted once, part by part, and costs what it costs", () => {
      expect(calls()).toHaveLength(client.calls);
      for (const { usageDetails, calculatedTotalCost } of calls()) {
        expect(counted(usageDetails)).toEqual(client.usage);
        expect(calculatedTotalCost).toBeCloseTo(client.cost, 12);
      }
      expect(embeddings()).toHaveLength(client.embeddings);
      const others = observations.filter((one) => !calls().includes(one) && !isEmbedding(one));
      for (const { usageDetails, calculatedTotalCost } of others)
        expect([counted(usageDetails), calculatedTotalCost ?? 0]).toEqual([{}, 0]);
    });

    it("what the client itself says it used is what was counted", () => {
      const { total_tokens: total, totalTokens = total } = said["usage"] as Record<string, number>;
      expect(totalTokens).toBe(tokens.total);
    });

    it("the traces cost what their calls cost together", () => {
      const isReported = ({ observations: ofTrace }: Trace) => client.tellsEmbeddingTokens || !ofTrace.some(isEmbedding);
      const total = traces.filter(isReported).reduce((sum, { totalCost }) => sum + totalCost, 0);
      const embedded = client.tellsEmbeddingTokens ? client.embeddings * embeddingCost : 0;
      expect(total).toBeCloseTo(client.calls * client.cost + embedded, 12);
    });

    it("calls of a model name it and hold question and answer", () => {
      expect(said["text"]).toBe(answer);
      for (const { type, model, input, output } of calls()) {
        expect([type, String(model).startsWith("gpt-4o")]).toEqual(["GENERATION", true]);
        if (client.hasQuestion) expect(JSON.stringify(input)).toContain("capital of France");
        expect(JSON.stringify(output)).toContain(answer);
      }
      if (client.hasEmbeddingInput) for (const { input } of embeddings()) expect(JSON.stringify(input)).toContain("one");
    });

    it("an export has the same, field for field", async () => {
      const ids = traces.map(({ id }) => id);
      const found = await exported("events", [{ type: "stringOptions", column: "traceId", operator: "any of", value: ids }]);
      const byId = new Map(traces.flatMap((trace) => trace.observations.map((one) => [one.id, { one, trace }] as const)));
      expect(found.map(({ id }) => id).toSorted()).toEqual([...byId.keys()].toSorted());
      for (const row of found) {
        const { one, trace } = byId.get(String(row["id"])) ?? {};
        const plain = {
          ...row,
          usageDetails: counted(row["usageDetails"] as Record<string, string>),
          totalCost: row["totalCost"] === null ? null : Number(row["totalCost"]),
        };
        expect(Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, orNull(value)]))).toMatchObject({
          traceId: trace?.id,
          type: one?.type,
          name: one?.["name"],
          parentObservationId: one?.["parentObservationId"],
          level: one?.["level"],
          statusMessage: one?.["statusMessage"],
          providedModelName: one?.["model"],
          input: one?.["input"],
          output: one?.["output"],
          usageDetails: counted(one?.usageDetails ?? {}),
          totalCost: one?.calculatedTotalCost,
          traceName: trace?.["name"],
          userId: trace?.["userId"],
          sessionId: trace?.["sessionId"],
        });
      }
    });
  });
});
