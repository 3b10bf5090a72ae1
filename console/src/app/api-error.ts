/** What a failed request of the console becomes: the API's problem, or a sentence about the connection. */
import type { Problem } from "../generated/types.gen.ts";

type Facts = Pick<Problem, "title" | "detail" | "help"> & {
  /** A code of the API's errors page, or what kept the request from it. */
  code: string;
  /** Null where no answer came. */
  status: number | null;
  requestId: string | null;
  /** What is wrong with fields of the request, by path. */
  fields: Problem["errors"];
};

export class ApiError extends Error {
  readonly facts: Facts;

  private constructor(facts: Facts) {
    super(facts.detail || facts.title);
    this.facts = facts;
  }

  /** Reads whatever the generated client or the browser threw. A request that was given up stays what it is. */
  static of(error: unknown, response?: Response | undefined): unknown {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) return error;
    if (isProblem(error)) {
      const { title, detail, help, code, status, requestId, errors } = error;
      return new ApiError({ title, detail, help, code, status, requestId, fields: errors });
    }
    return response === undefined ? ApiError.offline(error) : ApiError.unreadable(response);
  }

  static offline(cause: unknown): ApiError {
    const error = new ApiError({
      title: "The API does not answer",
      detail: "No answer came: the network or the server is down.",
      help: "Check the connection. The page tries again when you press Try again.",
      code: "OFFLINE",
      status: null,
      requestId: null,
      fields: [],
    });
    error.cause = cause;
    return error;
  }

  static unreadable(response: Response): ApiError {
    return new ApiError({
      title: `The server answered ${response.status}`,
      detail: "The answer is none of the API's: something between here and there may have answered.",
      help: "Try again in a minute. Tell your operator the request id if it stays.",
      code: "UNREADABLE_ANSWER",
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      fields: [],
    });
  }
}

/** Facts of anything that was thrown, for components that show it. What is no failed request is a fault of the console itself. */
export const factsOf = (error: unknown): Facts =>
  error instanceof ApiError
    ? error.facts
    : {
        title: "The page failed",
        detail: error instanceof Error ? error.message : String(error),
        help: "Reload the page. If it fails again, tell your operator what you did.",
        code: "CONSOLE_FAULT",
        status: null,
        requestId: null,
        fields: [],
      };

const isProblem = (error: unknown): error is Problem =>
  typeof error === "object" && error !== null && "code" in error && "requestId" in error && "errors" in error;

/** What the API says is wrong with a field of a form, by the path of the request: `scopes`, `pricingTiers.0.name`. */
export const fieldError = (error: unknown, path: string): string | undefined =>
  error === null ? undefined : factsOf(error).fields.find((field) => field.path === path)?.message;

/** Whether all that is wrong is shown beside the fields of a form, so that nothing remains to be said above them. */
export const isShownByFields = (error: unknown, paths: readonly string[]): boolean => {
  const { fields } = factsOf(error);
  return fields.length > 0 && fields.every(({ path }) => paths.includes(path));
};
