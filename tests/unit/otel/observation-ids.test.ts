import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseObservationIds, qualifiedId, readQualifiedId, type SpanRef, spanRefs } from "../../../core/otel/observation-ids.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";

const ref = (trace: number, span: number): SpanRef => ({
  traceId: (trace + 10).toString(16).repeat(32),
  spanId: span.toString(16).padStart(16, "0"),
});
const refs = fc.array(
  fc.record({ trace: fc.nat(3), span: fc.nat(4) }).map(({ trace, span }) => ref(trace, span)),
  { maxLength: 12 },
);

describe("ids of the observations of spans", () => {
  it("never change once they are given out, are never given twice, and are the span id for whoever wanted it first", () => {
    fc.assert(
      fc.property(fc.array(refs, { maxLength: 6 }), (requests) => {
        const owners = new Map<string, string>();
        const given = new Map<string, string>();
        for (const wanted of requests) {
          const ids = chooseObservationIds(wanted, (id) => owners.get(id));
          for (const one of wanted) {
            const id = ids.get(qualifiedId(one)) ?? "";
            const isFirst = ![...given.keys()].some((name) => name.endsWith(one.spanId));
            expect(id).toBe(given.get(qualifiedId(one)) ?? (isFirst ? one.spanId : qualifiedId(one)));
            given.set(qualifiedId(one), id);
            expect(owners.get(id) ?? one.traceId).toBe(one.traceId);
            owners.set(id, one.traceId);
          }
        }
        expect(new Set(given.values()).size).toBe(given.size);
      }),
    );
  });

  it("are the span id where nobody says whose it is, and stay long where the short one has become free", () => {
    const one = ref(1, 1);
    expect(chooseObservationIds([one], (id) => (id === one.spanId ? null : undefined)).get(qualifiedId(one))).toBe(one.spanId);
    expect(chooseObservationIds([one], (id) => (id === qualifiedId(one) ? one.traceId : undefined)).get(qualifiedId(one))).toBe(
      qualifiedId(one),
    );
    expect(readQualifiedId(qualifiedId(one))).toEqual(one);
    expect(readQualifiedId(one.spanId)).toBeUndefined();
  });

  it("are wanted for the spans of a request and for parents that are not in it, each once", () => {
    const span = (of: SpanRef, parentSpanId?: string) => ({ ...of, name: "n", ...(parentSpanId === undefined ? {} : { parentSpanId }) });
    const [a1, a2, a3, b1] = [ref(1, 1), ref(1, 2), ref(1, 3), ref(2, 1)];
    const spans = [span(a1, a3.spanId), span(a2, a1.spanId), span(a2, a1.spanId), span(b1, a2.spanId), span(b1, b1.spanId)];
    const { traces } = parseTracesJson(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
    expect(spanRefs(traces)).toEqual({ spans: [a1, a2, b1], parents: [a3, { traceId: b1.traceId, spanId: a2.spanId }] });
  });
});
