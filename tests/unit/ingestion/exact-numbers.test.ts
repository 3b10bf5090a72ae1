/** From the text of a request to the columns of its row, by way of the stored file: every number is spelled as it was sent. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isExactNumber, parseExactJson } from "../../../core/exact-json.ts";
import { type ArrivedEvent, arrangeBatch } from "../../../core/ingestion/arrange-batch.ts";
import type { IngestionEvent, ObservationEvent, ScoreEvent, TraceEvent } from "../../../core/ingestion/event.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { mergeObservation } from "../../../core/ingestion/merge/merge-observation.ts";
import { mergeScore } from "../../../core/ingestion/merge/merge-score.ts";
import { mergeTrace } from "../../../core/ingestion/merge/merge-trace.ts";
import { numberSpelling, spelledJson, spelledObject } from "../../support/number-spellings.ts";
import { bodyOf, faultOf, sent, sentAt } from "./arriving.ts";

const seed = Number(process.env["EXACT_JSON_SEED"] ?? 20261128);
const numRuns = Number(process.env["EXACT_JSON_RUNS"] ?? 300);

const instant = "2026-01-02T00:00:00.000001Z";
const context = { projectId: "p", createdAt: instant, updatedAt: instant, version: instant };
const options = { projectId: "p", prefix: "", sampling: new Map(), segmentBytesMax: 200, sha256Hex: (text: string) => text };

const taken = (original: unknown, isInternal: boolean): IngestionEvent => {
  const parsed = parseEvent(original, { isInternal });
  if (!parsed.ok || parsed.event === undefined) throw new Error(`refused: ${JSON.stringify(parsed)}`);
  return parsed.event;
};

/** The event of a request's text as the runner reads it from the file that was stored. */
const storedEvent = (type: string, body: string): IngestionEvent => {
  const original = parseExactJson(`{"id":"e","timestamp":"${sentAt}","type":"${type}","body":${body}}`);
  const arrived: ArrivedEvent[] = [{ event: taken(original, false), original }];
  const [group] = arrangeBatch(arrived, options);
  const [again] = parseExactJson(JSON.stringify(group?.events)) as unknown[];
  return taken(again, true);
};

/** Text that is sent stays as it is; everything else is its JSON. */
const column = (compact: string): string | null => {
  if (compact === "null") return null;
  return compact.startsWith('"') ? String(JSON.parse(compact)).toWellFormed() : compact;
};

describe("from request to row", () => {
  it("input, output and metadata of a trace keep every digit", () => {
    fc.assert(
      fc.property(spelledJson, spelledObject, spelledJson, (input, output, metadata) => {
        const body = `{"id":"t","input":${input.text},"output":${output.text},"metadata":{"m":${metadata.text}},"environment":"LANGFUSE-x"}`;
        const row = mergeTrace([storedEvent("trace-create", body) as TraceEvent], context);
        expect(row?.input).toBe(column(input.compact));
        expect(row?.output).toBe(output.compact);
        expect(row?.metadata).toEqual({ m: column(metadata.compact) ?? "null" });
      }),
      { seed, numRuns },
    );
  });

  it("the parameters of a model and the metadata of a score keep every digit", () => {
    fc.assert(
      fc.property(spelledObject, numberSpelling, ({ text, compact }, number) => {
        const generation = storedEvent("generation-create", `{"id":"o","modelParameters":${text},"metadata":${number}}`);
        const observation = mergeObservation([generation as ObservationEvent], context);
        expect(observation?.row.model_parameters).toBe(compact);
        expect(observation?.row.metadata).toEqual({ metadata: number });
        const score = storedEvent("score-create", `{"id":"s","traceId":"t","name":"n","value":1.0,"metadata":{"m":${text}}}`);
        expect(mergeScore([score as ScoreEvent], context)).toMatchObject({ value: 1, metadata: { m: compact } });
      }),
      { seed, numRuns },
    );
  });

  it("whatever number stands for a score, a version, a count or a cost is its double", () => {
    fc.assert(
      fc.property(numberSpelling, (number) => {
        const exact = (type: string, body: string) => parseEvent(sent(type, parseExactJson(body)), { isInternal: false });
        const plain = (type: string, body: string) => parseEvent(sent(type, JSON.parse(body)), { isInternal: false });
        for (const [type, body] of [
          ["score-create", `{"id":"s","traceId":"t","name":"n","value":${number}}`],
          ["score-create", `{"id":"s","traceId":"t","name":"n","value":${number},"dataType":"BOOLEAN"}`],
          ["generation-create", `{"id":"o","promptName":"p","promptVersion":${number}}`],
          [
            "generation-create",
            `{"id":"o","usageDetails":{"input":${number}},"usage":{"output":${number},"totalCost":${number}},"costDetails":{"input":${number}}}`,
          ],
          ["generation-create", `{"id":"o","usageDetails":{"prompt_tokens":${number},"completion_tokens":1,"total_tokens":2}}`],
          ["generation-create", `{"id":"o","usageDetails":${number}}`],
          ["generation-create", `{"id":"o","modelParameters":${number}}`],
          ["trace-create", `{"id":"t","name":${number}}`],
          ["trace-create", number],
        ] as const)
          expect(exact(type, body)).toEqual(plain(type, body));
      }),
      { seed, numRuns },
    );
  });
});

it("a number is no body, no record and no text, however it is spelled", () => {
  for (const number of ["1.0", "12345678901234567890", "-0"]) {
    const exact = parseExactJson(number);
    expect(isExactNumber(exact)).toBe(true);
    expect(faultOf(exact)).toContain("must be a JSON object");
    expect(faultOf(sent("trace-create", exact))).toContain("received number");
    expect(faultOf(sent("trace-create", { name: exact }))).toContain("received number");
    expect(faultOf(sent("generation-create", { id: "o", modelParameters: exact }))).toContain("must be an object");
    expect(bodyOf("trace-create", { input: exact })).toEqual({ input: exact });
  }
});
