/**
 * A stand-in for the API of OpenAI on loopback, so that clients run without a network: chat completions, responses and embeddings, whole and streamed,
 * with one answer and one count of tokens. Shapes: https://platform.openai.com/docs/api-reference, read 2026-11.
 */
export const answer = "Paris";
export const tokens = { input: 1000, cached: 400, output: 100, reasoning: 30, total: 1100 } as const;
export const embeddingTokens = 9;

const chatUsage = {
  prompt_tokens: tokens.input,
  completion_tokens: tokens.output,
  total_tokens: tokens.total,
  prompt_tokens_details: { cached_tokens: tokens.cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: tokens.reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const responseUsage = {
  input_tokens: tokens.input,
  input_tokens_details: { cached_tokens: tokens.cached },
  output_tokens: tokens.output,
  output_tokens_details: { reasoning_tokens: tokens.reasoning },
  total_tokens: tokens.total,
};
const model = "gpt-4o-2024-08-06";
const created = 1_795_341_600;

const events = (list: readonly object[], done: boolean): Response =>
  new Response(
    list
      .map((event) => `${"type" in event ? `event: ${String(event.type)}\n` : ""}data: ${JSON.stringify(event)}\n\n`)
      .concat(done ? ["data: [DONE]\n\n"] : [])
      .join(""),
    { headers: { "content-type": "text/event-stream" } },
  );

const chat = (isStream: boolean): Response => {
  const base = { id: "chatcmpl-1", created, model, system_fingerprint: "fp_1" };
  if (!isStream) {
    const message = { role: "assistant", content: answer, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
    return Response.json({ ...base, object: "chat.completion", choices, usage: chatUsage });
  }
  const chunk = (more: object) => ({ ...base, object: "chat.completion.chunk", usage: null, ...more });
  return events(
    [
      chunk({ choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] }),
      chunk({ choices: [{ index: 0, delta: { content: answer }, finish_reason: null }] }),
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
      chunk({ choices: [], usage: chatUsage }),
    ],
    true,
  );
};

const responses = (isStream: boolean): Response => {
  const content = { type: "output_text", text: answer, annotations: [] };
  const item = { id: "msg_1", type: "message", role: "assistant", status: "completed", content: [content] };
  const response = {
    id: "resp_1",
    object: "response",
    created_at: created,
    status: "completed",
    model,
    output: [item],
    usage: responseUsage,
  };
  const whole = { ...response, error: null, incomplete_details: null, service_tier: "default" };
  if (!isStream) return Response.json(whole);
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
  return events(
    [
      { type: "response.created", response: { ...whole, status: "in_progress", output: [], usage: null } },
      { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
      { type: "response.content_part.added", ...place, part: { ...content, text: "" } },
      { type: "response.output_text.delta", ...place, delta: answer, logprobs: [] },
      { type: "response.output_text.done", ...place, text: answer, logprobs: [] },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: whole },
    ],
    false,
  );
};

const embeddings = (input: unknown, isBase64: boolean): Response => {
  const floats = [0.1, 0.2];
  const embedding = isBase64 ? Buffer.from(new Float32Array(floats).buffer).toString("base64") : floats;
  const data = (Array.isArray(input) ? input : [input]).map((_, index) => ({ object: "embedding", index, embedding }));
  const usage = { prompt_tokens: embeddingTokens, total_tokens: embeddingTokens };
  return Response.json({ object: "list", data, model: "text-embedding-3-small", usage });
};

/** On a free port of loopback until `stop`. */
export const startModelServer = (): { url: string; stop: () => Promise<void> } => {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const path = new URL(request.url).pathname;
      const body = (await request.json().catch(() => ({}))) as Record<string, unknown>;
      if (path.endsWith("/chat/completions")) return chat(body["stream"] === true);
      if (path.endsWith("/responses")) return responses(body["stream"] === true);
      if (path.endsWith("/embeddings")) return embeddings(body["input"], body["encoding_format"] === "base64");
      return new Response("not found", { status: 404 });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1`, stop: async () => await server.stop(true) };
};
