/**
 * OpenTelemetry, mapping: calls to a model that repeat the calls below them. Two instrumentations of one call (a framework's and its
 * provider's) make two spans, one in the other, with the same tokens. The outer one then rolls up: the same values count once.
 * Only equal numbers show a repetition: a call may also have other calls below it, such as those of a tool. Looks at one request, where
 * both spans nearly always are; their ends are next to each other. Linear in the spans.
 * The call that counts takes over the costs that only the outer one reports, as a gateway's or a framework's span does.
 */
import { isRecord } from "../is-record.ts";
import { findSpelling } from "../usage/reported-usage.ts";
import { isInputRole } from "../usage/usage-roles.ts";
import type { MappedEvent } from "./mapped-event.ts";

type Tokens = { input: number; output: number; total: number };

const none: Tokens = { input: 0, output: 0, total: 0 };
const sumOf = (a: Tokens, b: Tokens): Tokens => ({ input: a.input + b.input, output: a.output + b.output, total: a.total + b.total });

/** Returns undefined if nothing was counted. The two spans may tell their kinds apart differently, so only the sides are compared. */
const tokensOf = (usage: unknown): Tokens | undefined => {
  if (!isRecord(usage)) return undefined;
  let [input, output] = [0, 0];
  for (const [kind, count] of Object.entries(usage)) {
    const role = findSpelling(kind)?.role;
    if (typeof count !== "number" || role === undefined || role === "total") continue;
    if (isInputRole(role)) input += count;
    else output += count;
  }
  const total = typeof usage["total"] === "number" ? usage["total"] : input + output;
  return total === 0 ? undefined : { input, output, total };
};

/** A span may report only a total. */
const isSame = (own: Tokens, below: Tokens): boolean =>
  own.total === below.total && (own.input + own.output === 0 || (own.input === below.input && own.output === below.output));

type Span = {
  event: MappedEvent;
  own: Tokens | undefined;
  below: Tokens;
  /** The call that has the tokens below; undefined for none, "several" for more than one. */
  callBelow: Span | "several" | undefined;
  parent: Span | undefined;
  childrenLeft: number;
};

const keyOf = (traceId: unknown, id: unknown): string => `${traceId} ${id}`;

const spansOf = (events: readonly MappedEvent[]): Span[] => {
  const spans = new Map<string, Span>();
  for (const event of events) {
    if (event.type === "trace-create") continue;
    const { traceId, id, usageDetails } = event.body;
    const own = tokensOf(usageDetails);
    spans.set(keyOf(traceId, id), { event, own, below: none, callBelow: undefined, parent: undefined, childrenLeft: 0 });
  }
  for (const span of spans.values()) {
    const { traceId, parentObservationId } = span.event.body;
    span.parent = spans.get(keyOf(traceId, parentObservationId));
    if (span.parent !== undefined) span.parent.childrenLeft++;
  }
  return [...spans.values()];
};

/** Moves usage and cost to where rolled-up values are kept. The model stays: it is a call all the same. */
const asRollUp = ({ body, ...event }: MappedEvent): MappedEvent => {
  const { usageDetails, costDetails, otel, ...rest } = body;
  const rollUp = { usageDetails, ...(costDetails === undefined ? {} : { costDetails }) };
  return { ...event, body: { ...rest, otel: { ...(isRecord(otel) ? otel : {}), rollUp } } };
};

/** Returns undefined if the call has costs of its own, or there are none to take over. */
const withCosts = (call: MappedEvent, costDetails: unknown): MappedEvent | undefined => {
  const hasCost = isRecord(costDetails) && Object.values(costDetails).some((cost) => typeof cost === "number" && cost > 0);
  return hasCost && call.body["costDetails"] === undefined ? { ...call, body: { ...call.body, costDetails } } : undefined;
};

/** `candidates`: the events of calls whose usage is not known to be their own. Spans in a cycle of parents stay as they are. */
export const rollingUpRepeatedCalls = (events: readonly MappedEvent[], candidates: ReadonlySet<MappedEvent>): MappedEvent[] => {
  const changed = new Map<MappedEvent, MappedEvent>();
  const spans = spansOf(events);
  const ready = spans.filter(({ childrenLeft }) => childrenLeft === 0);
  for (let span = ready.pop(); span !== undefined; span = ready.pop()) {
    const { event, own, below, callBelow, parent } = span;
    const repeats = own !== undefined && candidates.has(event) && isSame(own, below);
    if (repeats) {
      changed.set(event, asRollUp(event));
      const call = typeof callBelow === "object" ? callBelow.event : undefined;
      const costing = call === undefined ? undefined : withCosts(changed.get(call) ?? call, event.body["costDetails"]);
      if (call !== undefined && costing !== undefined) changed.set(call, costing);
    }
    if (parent === undefined) continue;
    const counts = own !== undefined && !repeats;
    parent.below = sumOf(parent.below, counts ? own : below);
    const call = counts ? span : callBelow;
    if (call !== undefined) parent.callBelow = parent.callBelow === undefined ? call : "several";
    if (--parent.childrenLeft === 0) ready.push(parent);
  }
  return changed.size === 0 ? [...events] : events.map((event) => changed.get(event) ?? event);
};
