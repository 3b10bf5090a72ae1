/** What an SDK sends to what the rest of the code sees: an event, a line of an SDK's log, or the reason why it is neither. */

import { z } from "zod";
import type { FieldError } from "../errors.ts";
import { isExactNumber, plainNumber, plainNumbers } from "../exact-json.ts";
import { isRecord } from "../is-record.ts";
import type { IngestionEvent, Json } from "./event.ts";
import { eventTypes, isEventType, SdkLogBody, sdkLogType } from "./event-types.ts";
import { Id, Instant } from "./fields.ts";
import { isNestedBeyond, nestingLevelsMax } from "./nesting.ts";

const Envelope = z.object({ id: Id, timestamp: Instant, type: z.string() });

/** Written to our log and nowhere else; answered with 201 as every event that is taken. */
export type SdkLog = { id: string; timestamp: string; log: Json };

/** As the API answers it for one event. `id` is that of the event, `unknown` if it has none; `error` names every path at fault, never a value; `faults` are the same one by one. */
export type RefusedEvent = { ok: false; id: string; status: 400; message: string; error: string; faults: FieldError[] };

export type ParsedEvent =
  | { ok: true; event: IngestionEvent; log?: undefined }
  | { ok: true; event?: undefined; log: SdkLog }
  | RefusedEvent;

/**
 * Never throws, whatever JSON comes, and holds no copy of payloads. `isInternal` is for what our own code has made or stored: dataset run items, environments
 * that begin with `langfuse`, and `body.otel`, which is dropped from what the public sends.
 * An event whose body names no entity writes the one that has the id of the event, so that sent again it writes the same.
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

/** Documents keep their numbers as they were written; every other field, and what is counted, is read as a double. */
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

/** As many as there are fields at most: no schema gives more than a few faults for one, and none quotes what was sent. */
const faultsOf = (error: z.ZodError, root: string[]): FieldError[] =>
  error.issues.map(({ path, message }) => ({ path: [...root, ...path.map(String)].join("."), message }));

const describe = (faults: readonly FieldError[]): string =>
  faults.map(({ path, message }) => [path, message].filter((part) => part !== "").join(": ")).join("; ");
