import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spelledObject } from "../../support/number-spellings.ts";
import { mapOne } from "./mapped-spans.ts";

const seed = Number(process.env["EXACT_JSON_SEED"] ?? 20261128);
const numRuns = Number(process.env["EXACT_JSON_RUNS"] ?? 60);

type Mapped = ReturnType<typeof mapOne>;

const valueAt = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
const jsonAt = (value: unknown, ...path: (string | number)[]): string => JSON.stringify(valueAt(value, ...path));
/** A field of an object that stands in its place as JSON text. */
const fieldOfText = (text: unknown, field: string): unknown => valueAt(JSON.parse(String(text)), field);

const messages = (document: string): string => `[ {"role":"user","parts":[{"type":"data","content":${document}}]} ]`;
const callOf = (document: string): string =>
  `[{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":${document}}}]}]`;
const toolOf = (document: string): string => `[{"type":"function","function":{"name":"look","parameters":${document}}}]`;

/** Where JSON text of an attribute is read and written again: what is sent, and where the document comes out. */
const places: [string, (document: string) => Parameters<typeof mapOne>[0], (mapped: Mapped) => unknown, (compact: string) => string][] = [
  [
    "messages with system instructions before them",
    (document) => ({ attributes: { "gen_ai.input.messages": messages(document), "gen_ai.system_instructions": "be kind" } }),
    ({ observation }) => valueAt(observation, "body", "input"),
    (compact) => `[{"role":"system","content":"be kind"},{"role":"user","parts":[{"type":"data","content":${compact}}]}]`,
  ],
  [
    "metadata of the observation",
    (document) => ({ attributes: { "langfuse.observation.metadata": `{"m":${document}}` } }),
    ({ observation }) => jsonAt(observation, "body", "metadata", "m"),
    (compact) => compact,
  ],
  [
    "metadata of the trace",
    (document) => ({ attributes: { "langfuse.trace.metadata": `{"m":${document}}` } }),
    ({ trace }) => jsonAt(trace, "body", "metadata", "m"),
    (compact) => compact,
  ],
  [
    "arguments of a tool that was called",
    (document) => ({ attributes: { "gen_ai.output.messages": callOf(document) } }),
    ({ observation }) => fieldOfText(valueAt(observation, "body", "otel", "toolCalls", 0), "arguments"),
    (compact) => compact,
  ],
  [
    "parameters of a tool that was offered",
    (document) => ({ attributes: { "gen_ai.tool.definitions": toolOf(document) } }),
    ({ observation }) => fieldOfText(valueAt(observation, "body", "otel", "toolDefinitions", "look"), "parameters"),
    (compact) => compact,
  ],
  [
    "messages of Genkit",
    (document) => ({ attributes: { "genkit:input": `{"messages":[${document}]}` } }),
    ({ observation }) => jsonAt(observation, "body", "input", 0),
    (compact) => compact,
  ],
  [
    "events of Logfire",
    (document) => ({ attributes: { events: `[{"event.name":"gen_ai.choice","message":${document}}]` } }),
    ({ observation }) => jsonAt(observation, "body", "output", "message"),
    (compact) => compact,
  ],
  [
    "metadata of an experiment",
    (document) => ({ attributes: { "langfuse.experiment.metadata": document } }),
    ({ observation }) => jsonAt(observation, "body", "otel", "experiment", "metadata"),
    (compact) => compact,
  ],
  [
    "text of an attribute",
    (document) => ({ attributes: { "input.value": document } }),
    ({ observation }) => valueAt(observation, "body", "input"),
    (compact) => compact,
  ],
];

describe("numbers in JSON of attributes", () => {
  it.each(places)(
    "keep every digit in %s",
    (name, sent, read, expected) => {
      fc.assert(
        fc.property(spelledObject, ({ text, compact }) => {
          const document = name === "text of an attribute" ? compact : text;
          expect(read(mapOne(sent(document)))).toBe(expected(compact));
        }),
        { seed, numRuns },
      );
    },
    120_000,
  );

  it("stay numbers among the parameters of a model", () => {
    const parameters = '{"seed":1234567890123456789,"temperature":1.0,"top_p":0.10,"max_tokens":100}';
    const { observation } = mapOne({ attributes: { "langfuse.observation.model.parameters": parameters } });
    expect(JSON.stringify(observation.body["modelParameters"])).toBe(parameters);
  });

  it("are counted where they are tokens or money, however they are spelled", () => {
    const { observation } = mapOne({
      attributes: {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": '{"input":10.0,"output":2e1,"total":30}',
        "langfuse.observation.cost_details": '{"input":1e-05,"output":0.10,"total":0.100010000000000000000001}',
      },
    });
    expect(observation.body).toMatchObject({ costDetails: { input: 0.00001, output: 0.1, total: 0.10001 } });
    expect(JSON.stringify(observation.body["usageDetails"])).toMatch(/^\{"input":10(\.0)?,"output":2(e1|0),"total":30\}$/);
  });

  it.each<[string, string | undefined, Record<string, string | number>]>([
    ["Langfuse's own", undefined, { "langfuse.observation.usage_details": '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}' }],
    ["an object in one attribute", undefined, { "gen_ai.usage": '{"input_tokens":10,"output_tokens":5}' }],
    ["Genkit's", "genkit-tracer", { "genkit:output": '{"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15}}' }],
    [
      "the AI SDK's providers'",
      "ai",
      {
        "ai.operationId": "ai.generateText.doGenerate",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "ai.response.providerMetadata": '{"anthropic":{"usage":{"cache_read_input_tokens":4,"cache_creation_input_tokens":0}}}',
      },
    ],
    [
      "those of Google's ADK",
      undefined,
      { "gcp.vertex.agent.llm_response": '{"usage_metadata":{"prompt_token_count":10,"candidates_token_count":5,"total_token_count":15}}' },
    ],
  ])("are counted as whole numbers in usage: %s", (_, scope, attributes) => {
    const usageOf = (spell: (digits: string) => string) =>
      mapOne({
        ...(scope === undefined ? {} : { scope }),
        name: "call",
        attributes: {
          "langfuse.observation.type": "generation",
          ...Object.fromEntries(
            Object.entries(attributes).map(([name, value]) => [
              name,
              typeof value === "string" ? value.replaceAll(/(?<=:)\d+/g, (digits) => spell(digits)) : value,
            ]),
          ),
        },
      }).observation.body["usageDetails"];
    const plain = usageOf((digits) => digits);
    expect(plain).toBeDefined();
    for (const ending of [".0", "e0", ".000", "e+00"]) expect(usageOf((digits) => `${digits}${ending}`)).toEqual(plain);
  });
});
