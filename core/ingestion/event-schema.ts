/** Ingestion, parsing: turns what an SDK sent into an event, an SDK log line, or the reason why it is neither. */

import { z } from "zod";
import type { FieldError } from "../errors.ts";
import { isExactNumber, plainNumber, plainNumbers } from "../exact-json.ts";
import { isRecord } from "../is-record.ts";
import type { IngestionEvent, Json } from "./event.ts";
import { eventTypes, isEventType, SdkLogBody, sdkLogType } from "./event-types.ts";
import { Id, Instant } from "./fields.ts";
import { isNestedBeyond, nestingLevelsMax } from "./nesting.ts";

const Envelope = z.object({ id: Id, timestamp: Instant, type: z.string() });

/** Written only to our log; answered with 201 like every accepted event. */
type SdkLog = { id: string; timestamp: string; log: Json };

/**
 * The API's answer for one refused event. `id` is the event's id, or `unknown`; `error` names every invalid path, never a value; `faults`
 * lists the same one by one.
 */
type RefusedEvent = { ok: false; id: string; status: 400; message: string; error: string; faults: FieldError[] };

type ParsedEvent = { ok: true; event: IngestionEvent; log?: undefined } | { ok: true; event?: undefined; log: SdkLog } | RefusedEvent;

/**
 * Never throws and copies no payloads. `isInternal` allows dataset run items, environments that begin with `langfuse`, and `body.otel`,
 * which public events lose. An event whose body names no entity writes the one with the event's own id, so a repeat writes the same.
 */
export const parseEvent = (input: unknown, options: { isInternal: boolean }): ParsedEvent => {
  const refuse = (faults: FieldError[]): RefusedEvent => ({
    ok: false,
    id: idOf(input),
    status: 400,
    message: "Invalid request data",
    error: describe(faults),
    faults,
  });
  const refuseWhole = (message: string) => refuse([{ path: "", message }]);
  if (!isRecord(input)) return refuseWhole("An event must be a JSON object");
  if (isNestedBeyond(input, nestingLevelsMax)) return refuseWhole(`An event cannot be nested more than ${nestingLevelsMax} levels deep`);
  const envelope = Envelope.safeParse(input);
  if (!envelope.success) return refuse(faultsOf(envelope.error, []));
  const { id, timestamp, type } = envelope.data;
  if (type === sdkLogType) {
    const body = SdkLogBody.safeParse(withPlainFields(input["body"]));
    return body.success ? { ok: true, log: { id, timestamp, log: body.data.log ?? null } } : refuse(faultsOf(body.error, ["body"]));
  }
  if (!isEventType(type))
    return refuse([{ path: "type", message: `must be one of ${[...Object.keys(eventTypes), sdkLogType].join(", ")}` }]);
  const { isInternalOnly, isUpdate, internalBody, publicBody } = eventTypes[type];
  if (isInternalOnly && !options.isInternal) return refuseWhole("Dataset run item creation is only allowed for internal usage");
  const said = (options.isInternal ? internalBody : publicBody).safeParse(withPlainFields(input["body"]));
  if (!said.success) return refuse(faultsOf(said.error, ["body"]));
  const { id: entityId, ...subject } = said.data;
  return { ok: true, event: { id, timestamp, type, isUpdate, entityId: entityId ?? id, ...subject } };
};

/** Documents keep their numbers as written. Every other field, and every counted one, is read as a double. */
const documentFields: ReadonlySet<string> = new Set(["input", "output", "metadata", "modelParameters", "log", "otel"]);
const countedFields: ReadonlySet<string> = new Set(["usage", "usageDetails", "costDetails"]);

const withPlainFields = (body: unknown): unknown => {
  if (!isRecord(body)) return plainNumber(body);
  const changed = Object.entries(body).filter(
    ([field, value]) => countedFields.has(field) || (isExactNumber(value) && !documentFields.has(field)),
  );
  return changed.length === 0 ? body : { ...body, ...Object.fromEntries(changed.map(([field, value]) => [field, plainNumbers(value)])) };
};

const idOf = (input: unknown): string => {
  const id = isRecord(input) ? input["id"] : undefined;
  return typeof id === "string" && id !== "" ? id : "unknown";
};

/** Returns at most about one entry per field: no schema reports more than a few faults for one, and none quotes what was sent. */
const faultsOf = (error: z.ZodError, root: string[]): FieldError[] =>
  error.issues.map(({ path, message }) => ({ path: [...root, ...path.map(String)].join("."), message }));

const describe = (faults: readonly FieldError[]): string =>
  faults.map(({ path, message }) => [path, message].filter((part) => part !== "").join(": ")).join("; ");
