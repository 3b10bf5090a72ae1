/**
 * The answer to a trace export, `ExportTraceServiceResponse`, in both encodings. A partial success names how many spans were refused and
 * why; exporters log it and must not send the same spans again.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Rejection } from "./otlp-traces.ts";

type PartialSuccess = { rejectedSpans: number; errorMessage: string };

/** Empty bytes mean full success, as OTLP has it. */
export const encodeTracesResponseProtobuf = (rejected: Rejection[]): Uint8Array<ArrayBuffer> => {
  const partialSuccess = describeRejections(rejected);
  if (partialSuccess === undefined) return new Uint8Array();
  const inner = new BinaryWriter().tag(1, 0).int64(partialSuccess.rejectedSpans).tag(2, 2).string(partialSuccess.errorMessage).finish();
  return new BinaryWriter().tag(1, 2).bytes(inner).finish();
};

/** The body as a JSON value; `{}` means full success. 64-bit integers are text in OTLP/JSON. */
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
