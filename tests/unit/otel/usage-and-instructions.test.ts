import { describe, expect, it } from "vitest";
import { mapOne } from "./mapped-spans.ts";

const text = JSON.stringify;

const anthropic = (fields: object) => text({ anthropic: { usage: fields } });

describe("usage", () => {
  it.each([
    ["of text is read as numbers", { "gen_ai.usage.input_tokens": "12", "gen_ai.usage.output_tokens": "3" }, { input: 12, output: 3 }],
    ["that is no number is left out", { "gen_ai.usage.input_tokens": "many", "gen_ai.usage.total_tokens": 3 }, { total: 3 }],
    [
      "of a part that is greater than its whole stands beside it",
      { "gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_read_tokens": 9 },
      { input: 5, input_cached_tokens: 9 },
    ],
    [
      "has the thoughts of a model in one place",
      { "gen_ai.usage.completion_tokens": 300, "gen_ai.usage.thoughts_tokens": 200 },
      { output: 100, output_reasoning_tokens: 200 },
    ],
    [
      "has sound in one place",
      { "llm.token_count.completion": 30, "llm.token_count.completion_details.audio": 10 },
      { output: 20, output_audio_tokens: 10 },
    ],
    [
      "of Anthropic keeps what was written to the cache whole when its parts do not fit",
      {
        "gen_ai.usage.input_tokens": 48183,
        "gen_ai.usage.cache_read.input_tokens": 47105,
        "gen_ai.usage.cache_creation.input_tokens": 500,
        "ai.response.providerMetadata": anthropic({ cache_creation: { ephemeral_1h_input_tokens: 1076 } }),
      },
      { input: 578, input_cached_tokens: 47105, input_cache_creation: 500 },
    ],
    [
      "of Google's ADK does not overwrite the thoughts that were counted",
      {
        "gen_ai.usage.completion_tokens": 100,
        "gen_ai.usage.completion_details.reasoning": 42,
        "gcp.vertex.agent.llm_response": text({ usage_metadata: { thoughts_token_count: 999 } }),
      },
      { output: 58, output_reasoning_tokens: 42 },
    ],
    ["without any is absent", { "gen_ai.usage.cost": 3 }, undefined],
    [
      "of damaged JSON gives way to the next source",
      { "langfuse.observation.usage_details": "{", "gen_ai.usage.input_tokens": 1 },
      { input: 1 },
    ],
  ])("%s", (_, attributes, usage) => {
    expect(mapOne({ attributes: { "gen_ai.request.model": "m", ...attributes } }).observation.body["usageDetails"]).toEqual(usage);
  });
});

describe("system instructions", () => {
  const user = { role: "user", parts: [{ type: "text", content: "hi" }] };
  const parts = [
    { type: "text", content: "Be brief." },
    { type: "function", name: "f" },
  ];
  it.each([
    ["a complete message, as it is", text([{ role: "system", parts }]), [{ role: "system", parts }, user]],
    ["several messages", text([{ parts }, { parts: [] }]), [{ role: "system", parts }, { role: "system", parts: [] }, user]],
    [
      "parts",
      text([
        { type: "text", content: "a" },
        { type: "text", text: "b" },
      ]),
      [{ role: "system", content: "a\nb" }, user],
    ],
    ["parts and messages", text([{ content: "a" }, { role: "system", parts }]), [{ role: "system", content: "a\nBe brief." }, user]],
    ["JSON text", text("Be brief."), [{ role: "system", content: "Be brief." }, user]],
    ["plain text", "Be brief.", [{ role: "system", content: "Be brief." }, user]],
    ["nothing", "[]", [user]],
    ["values without text", "[42,true,null]", [user]],
  ])("that are %s come before the messages", (_, instructions, messages) => {
    const { observation } = mapOne({ attributes: { "gen_ai.input.messages": text([user]), "gen_ai.system_instructions": instructions } });
    expect(observation.body["input"]).toBe(text(messages));
  });

  it("are not added to messages that begin with some", () => {
    const messages = text([{ role: "system", parts: [] }, user]);
    const { observation } = mapOne({ attributes: { "gen_ai.input.messages": messages, "gen_ai.system_instructions": "x" } });
    expect(observation.body["input"]).toBe(messages);
  });
});
