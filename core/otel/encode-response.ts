/**
 * OpenTelemetry, response: `ExportTraceServiceResponse` in both encodings. A partial success says how many spans were refused and why;
 * exporters log it and must not resend them.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Rejection } from "./otlp-traces.ts";

type PartialSuccess = { rejectedSpans: number; errorMessage: string };

/** Empty bytes mean full success in OTLP. */
export const encodeTracesResponseProtobuf = (rejected: Rejection[]): Uint8Array<ArrayBuffer> => {
  const partialSuccess = describeRejections(rejected);
  if (partialSuccess === undefined) return new Uint8Array();
  const inner = new BinaryWriter().tag(1, 0).int64(partialSuccess.rejectedSpans).tag(2, 2).string(partialSuccess.errorMessage).finish();
  return new BinaryWriter().tag(1, 2).bytes(inner).finish();
};

/** Returns the body as a JSON value; `{}` means full success. OTLP/JSON writes 64-bit integers as text. */
export const encodeTracesResponseJson = (rejected: Rejection[]): { partialSuccess?: { rejectedSpans: string; errorMessage: string } } => {
  const partialSuccess = describeRejections(rejected);
  return partialSuccess === undefined
    ? {}
    : { partialSuccess: { rejectedSpans: String(partialSuccess.rejectedSpans), errorMessage: partialSuccess.errorMessage } };
};

const reasonsMax = 10;

const describeRejections = (rejected: Rejection[]): PartialSuccess | undefined => {
  const rejectedSpans = rejected.reduce((sum, { count }) => sum + count, 0);
  if (rejectedSpans === 0) return undefined;
  const listed = rejected.slice(0, reasonsMax).map(({ reason, count }) => `${reason} (${count})`);
  const more = rejected.length > reasonsMax ? [`${rejected.length - reasonsMax} further reasons`] : [];
  return { rejectedSpans, errorMessage: `Some spans were not accepted: ${[...listed, ...more].join("; ")}` };
};
