/** Failures of a whole batch, by status alone. A message never holds the token: it is ours, and quotes of the service go to `detail`. */
import { AppError } from "../../../core/errors.ts";
import { retryAfterSeconds } from "../../retry-after.ts";

type SinkCode =
  | "SINK_UNAVAILABLE"
  | "SINK_RATE_LIMITED"
  | "SINK_PAYMENT_REQUIRED"
  | "SINK_CREDENTIALS_REJECTED"
  | "SINK_NOT_FOUND"
  | "SINK_REJECTED"
  | "SINK_UNEXPECTED_ANSWER";

type SinkFailureInit = { code: SinkCode; message?: string; detail?: string; retryAfterSeconds?: number | null; cause?: unknown };

export class SinkFailure extends AppError {
  override readonly name = "SinkFailure";
  declare readonly code: SinkCode;

  constructor(init: SinkFailureInit) {
    super(init);
  }
}

const codeOf = (status: number): SinkCode => {
  if (status === 408 || status >= 500) return "SINK_UNAVAILABLE";
  if (status === 429) return "SINK_RATE_LIMITED";
  if (status === 401) return "SINK_CREDENTIALS_REJECTED";
  if (status === 402) return "SINK_PAYMENT_REQUIRED";
  // A redirect turns the request into another one; 403 may come from a firewall in between and is no verdict on the token.
  if (status === 404 || status === 405 || status === 410 || (status >= 300 && status < 400)) return "SINK_NOT_FOUND";
  return "SINK_REJECTED";
};

type Answer = { status: number; headers: Headers; text: string };

/** The failure that a status means which is no success. `nowMs` is for a Retry-After that names a date. */
export const failureOf = ({ status, headers, text }: Answer, nowMs: number): SinkFailure => {
  const code = codeOf(status);
  return new SinkFailure({ code, detail: `status ${status}: ${text.slice(0, 500)}`, retryAfterSeconds: retryAfterSeconds(headers, nowMs) });
};
