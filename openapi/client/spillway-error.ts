/** The one error of the client: what the API answered, or what kept its answer away. */
import type { Problem } from "./generated/types.gen.ts";

/** Codes of the API are those of its document (docs/errors.md). The client adds what it notices itself. */
export type SpillwayErrorCode =
  | Problem["code"]
  /** No answer: the name was not found, the connection broke or took too long. */
  | "CONNECTION_FAILED"
  /** An answer that is not the API's, such as the page of a proxy. */
  | "UNEXPECTED_RESPONSE"
  /** The bytes of a file differ from what the manifest says. */
  | "CHECKSUM_MISMATCH"
  /** An export that was waited for failed or was cancelled; `help` and `message` are those of the export. */
  | "EXPORT_NOT_COMPLETED"
  /** A webhook that Spillway did not sign with one of the secrets, or not lately. */
  | "INVALID_WEBHOOK";

type Details = {
  code: SpillwayErrorCode;
  message: string;
  /** HTTP status; 0 if there was no answer. */
  status?: number;
  /** For support: the API logs it. */
  requestId?: string;
  /** What is wrong with each field of the request. */
  fields?: readonly { path: string; message: string }[];
  /** How long the API asks to wait. */
  retryAfterSeconds?: number;
  /** What to do. */
  help?: string;
  cause?: unknown;
};

export class SpillwayError extends Error {
  override readonly name = "SpillwayError";
  readonly code: SpillwayErrorCode;
  readonly status: number;
  readonly requestId: string | undefined;
  readonly fields: readonly { path: string; message: string }[];
  readonly retryAfterSeconds: number | undefined;
  readonly help: string | undefined;

  constructor({ code, message, status = 0, requestId, fields = [], retryAfterSeconds, help, cause }: Details) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
    this.help = help;
  }
}

/** Reads the failure that `response` describes, and its body with it. */
export const errorOfResponse = async (response: Response, nowMs: number): Promise<SpillwayError> => {
  const text = await response.text();
  const retryAfterSeconds = retryAfterOf(response.headers.get("retry-after"), nowMs);
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const about = {
    status: response.status,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  const problem = problemIn(text);
  if (problem !== undefined) return errorOfProblem(problem, about);
  return new SpillwayError({
    ...about,
    code: "UNEXPECTED_RESPONSE",
    message: `The server answered ${response.status} without a problem of the API: ${text.slice(0, 200)}`,
    help: "Check that baseUrl is the address of the API.",
  });
};

export const errorOfProblem = (problem: Problem, about: { status?: number; retryAfterSeconds?: number } = {}): SpillwayError =>
  new SpillwayError({
    status: problem.status,
    requestId: problem.requestId,
    ...about,
    code: problem.code,
    message: problem.detail,
    fields: problem.errors,
    help: problem.help,
  });

const problemIn = (text: string): Problem | undefined => {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.code === "string" && typeof value.detail === "string" ? (value as Problem) : undefined;
  } catch {
    // Not JSON, so not a problem of the API.
    return undefined;
  }
};

/** RFC 9110 10.2.3: seconds, or a date. */
const retryAfterOf = (value: string | null, nowMs: number): number | undefined => {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - nowMs) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
};
