/** Random rows of the events table and random filters over them, with hostile text on both sides drawn from one pool so that filters hit. */
import fc from "fast-check";
import { baseUs, clickHouseTime, type EventRow, eventRow } from "./event-rows.ts";

export type FilterRow = EventRow & {
  ingestion_api_key: string;
  ingestion_sdk_name: string;
  ingestion_sdk_version: string;
  source: string;
  experiment_id: string;
  experiment_name: string;
  experiment_dataset_id: string;
  experiment_item_root_span_id: string;
};

export const textPool = [
  "",
  "alpha",
  "Alpha Beta",
  "alphabet soup",
  "ALPHA\tbeta",
  "it's",
  'say "hi"',
  "back\\slash \\n",
  "{p:String} {f0_0:String}",
  "\u0000nul\u0000",
  "👩‍🚀 emoji",
  "\r\n__exception__\r\nabcdefghijklmnop\r\n",
  "line\nfeed",
  "50%_off",
  "50 off",
  "%",
  "_",
  "École été",
  "ÉCOLE",
  "\\u00c9cole",
  "ΟΔΟΣΟΦΟΣ",
  "οδός ΟΔΟΣ",
  "\\u041f\\u0440\\u0438",
  "ПРИ",
  "日本語 テスト",
  "\\N",
  "NULL",
  "-- ; DROP TABLE events",
  "12",
] as const;

const text = fc.constantFrom(...textPool);
const texts = fc.array(text, { maxLength: 3 });
const key = fc.constantFrom("evaluator_id", "evaluation_rule_id", "job_configuration_id", "k'ey\\", "{p:String}", "naïve");
const orNone = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 3 });
/** Instants from a narrow range around the base, so that equal ones and ones a microsecond apart occur. */
const micros = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -5_000_000, max: 5_000_000 })).map((offset) => baseUs + offset);
const duration = fc.oneof(fc.constantFrom(0, 1, 999, 1000, 2000, 1_500_000), fc.integer({ min: 0, max: 9_000_000 }));
const usageKey = fc.constantFrom("input", "output", "total", "input_cached", "cacheInput", "OUTPUT_reasoning");
const usage = fc.oneof(fc.integer({ min: 0, max: 12 }).map(String), fc.constantFrom("9007199254740993", "18446744073709551615"));
const cost = fc.constantFrom("0", "0.000000000001", "0.1", "0.2", "0.3", "0.300000000001", "1", "12", "999999.999999999999", "-0.5");

export const filterRow = (projectId: string, index: number): fc.Arbitrary<FilterRow> =>
  fc
    .record({
      strings: fc.array(text, { minLength: 24, maxLength: 24 }),
      startUs: micros,
      endAfter: orNone(duration),
      firstAfter: orNone(duration),
      tags: texts,
      usage_details: fc.dictionary(usageKey, usage, { maxKeys: 4 }),
      cost_details: fc.dictionary(usageKey, cost, { maxKeys: 4 }),
      metadata: fc.dictionary(key, text, { maxKeys: 4 }),
      /** Another value of the first key of metadata. */
      again: orNone(text),
      tool_definitions: fc.dictionary(text, text, { maxKeys: 3 }),
      tool_calls: texts,
      tool_call_names: texts,
      prompt_version: orNone(fc.constantFrom(0, 1, 2, 65535)),
      is_app_root: fc.boolean(),
      isItemRoot: fc.boolean(),
    })
    .map((r) => {
      const next = r.strings[Symbol.iterator]();
      const take = (): string => next.next().value ?? "";
      const span_id = `${index}-${take()}`;
      const entries = Object.entries(r.metadata);
      const [first] = entries;
      if (first !== undefined && r.again !== null) entries.push([first[0], r.again]);
      return {
        ...eventRow({
          project_id: projectId,
          span_id,
          trace_id: take(),
          parent_span_id: take(),
          start_time: clickHouseTime(r.startUs),
          end_time: r.endAfter === null ? null : clickHouseTime(r.startUs + r.endAfter),
          completion_start_time: r.firstAfter === null ? null : clickHouseTime(r.startUs + r.firstAfter),
          name: take(),
          type: take(),
          environment: take(),
          version: take(),
          release: take(),
          trace_name: take(),
          user_id: take(),
          session_id: take(),
          tags: r.tags,
          level: take(),
          status_message: take(),
          prompt_id: take(),
          prompt_name: take(),
          prompt_version: r.prompt_version,
          model_id: take(),
          provided_model_name: take(),
          usage_details: r.usage_details,
          cost_details: r.cost_details,
          input: take() + take(),
          output: take(),
          metadata_names: entries.map(([name]) => name),
          metadata_values: entries.map(([, value]) => value),
          tool_definitions: r.tool_definitions,
          tool_calls: r.tool_calls,
          tool_call_names: r.tool_call_names,
          is_app_root: r.is_app_root,
        }),
        ingestion_api_key: take(),
        ingestion_sdk_name: take(),
        ingestion_sdk_version: take(),
        source: take(),
        experiment_id: take(),
        experiment_name: take(),
        experiment_dataset_id: take(),
        experiment_item_root_span_id: r.isItemRoot ? span_id : "",
      };
    });

/** What the filter language offers, as documented for its users; not read from the code under test. */
export const columnsByType = {
  string:
    "traceId version release userId sessionId statusMessage input output evaluatorId ruleId parentObservationId experimentDatasetId experimentId",
  stringOptions:
    "id name type environment ingestionApiKey ingestionSdkName ingestionSdkVersion ingestionSource traceName level promptName modelId providedModelName experimentName model traceEnvironment",
  arrayOptions: "tags traceTags toolNames calledToolNames",
  datetime: "startTime endTime",
  number:
    "promptVersion totalCost inputCost outputCost inputTokens outputTokens totalTokens tokens latency timeToFirstToken tokensPerSecond toolDefinitions toolCalls",
  boolean: "hasParentObservation isRootObservation hasInput hasOutput isExperimentItemRootSpan",
  stringObject: "metadata",
} as const;

export type AnyFilter = { type: string; column: string; operator: string; value: unknown; key?: string };

const columnsOf = (...types: (keyof typeof columnsByType)[]): fc.Arbitrary<string> =>
  fc.constantFrom(...types.flatMap((type) => columnsByType[type].split(" ")));

const piece = fc.oneof(
  text,
  fc.tuple(text, fc.nat(6), fc.nat(6)).map(([of, from, length]) => [...of].slice(from, from + length).join("")),
  fc.constantFrom("a", "b", "\\", "'", "{", "\u0000", "%", "_", "é", "École", "οδοσ", "ΟΔΟΣ", "при"),
);
const hasToken = (value: string) => /[\p{L}\p{N}]/u.test(value);
const word = piece.filter(hasToken);
const list = fc.array(fc.oneof(text, fc.constantFrom("0-", "1-alpha", "2-")), { minLength: 1, maxLength: 6 });
const listOrNone = fc.array(text, { maxLength: 4 });
const sign = fc.constantFrom(">", "<", ">=", "<=");
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    2,
    3,
    12,
    24,
    65535,
    -1,
    0.1,
    0.3,
    0.30000000000000004,
    1e-12,
    1e-13,
    5e-324,
    0.0005,
    0.001,
    1.5,
    33.333333333333336,
  ),
  fc.constantFrom(9007199254740992, 9007199254740994, 18446744073709552000, 1e21, 1.5e300, -1e300, 999999.5, -0.5),
  fc.integer({ min: 0, max: 9000 }).map((ms) => ms / 1000),
);
/** Zones other than UTC, and digits finer than a microsecond. */
const instant = fc
  .record({ us: micros, finer: fc.constantFrom("", "0", "4", "000001"), zone: fc.constantFrom("Z", "+00:00", "+05:30", "-08:00") })
  .map(({ us, finer, zone }) => {
    const shift = zone === "+05:30" ? 330 : zone === "-08:00" ? -480 : 0;
    return `${clickHouseTime(us + shift * 60_000_000).replace(" ", "T")}${finer}${zone}`;
  });
const farInstant = fc.constantFrom("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.5Z");

const filterOf = (
  type: string,
  column: fc.Arbitrary<string>,
  operator: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
): fc.Arbitrary<AnyFilter> => fc.record({ type: fc.constant(type), column, operator, value });

const stringOperator = fc.constantFrom("=", "contains", "does not contain", "starts with", "ends with");

export const anyFilter: fc.Arbitrary<AnyFilter> = fc.oneof(
  filterOf("string", columnsOf("string", "stringOptions"), stringOperator, piece),
  filterOf("string", fc.constantFrom("input", "output"), fc.constant("matches"), word),
  filterOf("stringOptions", columnsOf("string", "stringOptions"), fc.constantFrom("any of", "none of"), list),
  filterOf("stringOptions", columnsOf("arrayOptions"), fc.constantFrom("any of", "none of"), list),
  filterOf("arrayOptions", columnsOf("arrayOptions"), fc.constant("any of"), list),
  filterOf("arrayOptions", columnsOf("arrayOptions"), fc.constantFrom("none of", "all of"), listOrNone),
  filterOf("number", columnsOf("number"), fc.oneof(sign, fc.constant("=")), number),
  filterOf("datetime", columnsOf("datetime"), sign, fc.oneof({ weight: 6, arbitrary: instant }, { weight: 1, arbitrary: farInstant })),
  filterOf("boolean", columnsOf("boolean"), fc.constantFrom("=", "<>"), fc.boolean()),
  fc
    .tuple(filterOf("stringObject", columnsOf("stringObject"), stringOperator, piece), key)
    .map(([filter, name]) => ({ ...filter, key: name })),
  fc
    .tuple(filterOf("stringObject", columnsOf("stringObject"), fc.constant("matches"), word), key)
    .map(([filter, name]) => ({ ...filter, key: name })),
  filterOf(
    "null",
    columnsOf("string", "stringOptions", "arrayOptions", "datetime", "number", "boolean", "stringObject"),
    fc.constantFrom("is null", "is not null"),
    fc.constant(""),
  ),
);

export const anySearch = fc.record({
  searchQuery: piece.filter((query) => query !== ""),
  searchType: fc.option(fc.uniqueArray(fc.constantFrom("id", "content", "input", "output"), { minLength: 1, maxLength: 3 }), {
    nil: undefined,
  }),
});
