/** ClickHouse: translates failures to AppErrors, by ClickHouse's error code or the HTTP status, never by the text of a query's failure. */
import { ClickHouseError } from "@clickhouse/client-web";
import type { ClickHouseErrorCode } from "../../core/engine-errors.ts";
import { AppError } from "../../core/errors.ts";

/** ClickHouse's error codes by meaning (src/Common/ErrorCodes.cpp; names by errorCodeToName of 26.7). */
const codesByMeaning = {
  // The query itself, its settings or its types: a repeat gives the same error.
  CLICKHOUSE_QUERY_REJECTED: [16, 42, 43, 46, 47, 48, 53, 60, 62, 63, 73, 81, 115, 164, 179, 184, 207, 215, 344, 386, 427, 452, 456, 457],
  // Syntax tree or nesting beyond the server's limits.
  CLICKHOUSE_QUERY_TOO_LARGE: [167, 168, 306],
  CLICKHOUSE_RESOURCES: [158, 159, 241, 307, 396],
  // The whole server, whatever the query: too many queries or parts, a full or broken disk or bucket, a shutdown, a replica without its
  // keeper or its quorum, a change that a replica has not made yet, a node that does not answer.
  CLICKHOUSE_UNAVAILABLE: [74, 75, 76, 202, 209, 210, 225, 236, 242, 243, 244, 252, 279, 285, 286, 319, 341, 439, 473, 499, 745, 999],
  CLICKHOUSE_ACCESS_DENIED: [192, 193, 194, 497, 516],
} as const satisfies Partial<Record<ClickHouseErrorCode, readonly number[]>>;

const codes = new Map<string, ClickHouseErrorCode>(
  (Object.entries(codesByMeaning) as [ClickHouseErrorCode, readonly number[]][]).flatMap(([code, numbers]) =>
    numbers.map((number): [string, ClickHouseErrorCode] => [String(number), code]),
  ),
);

/** Translates ClickHouse's failure. An unknown code is worth a retry; a failure without a code is a connection failure. */
export const clickHouseFailure = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  const detail = error instanceof Error ? error.message.slice(0, 2000) : String(error);
  if (!(error instanceof ClickHouseError)) return new AppError({ code: "CLICKHOUSE_UNAVAILABLE", detail, cause: error });
  const code: ClickHouseErrorCode = codes.get(error.code) ?? "CLICKHOUSE_QUERY_FAILED";
  return new AppError({
    code,
    message: `ClickHouse answered with error ${error.code}${error.type === undefined || error.type === "EXCEPTION" ? "" : ` (${error.type})`}.`,
    detail,
    cause: error,
  });
};

/** Returns whether a query's own `throwIf` ended it: error 395, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
export const isThrownByQuery = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof ClickHouseError && error.cause.code === "395";

/** Translates a failure that does not come from a query. For Poco, only the text tells a refused request from a broken connection. */
export const refusalFailure = async (response: Response): Promise<AppError> => {
  const { status } = response;
  const detail = `HTTP ${status}: ${(await response.text()).slice(0, 2000)}`;
  const isPoco = detail.includes("Poco::Exception");
  const isTooLong = status === 413 || status === 414 || status === 431 || /HTML Form Exception|URI invalid or too long/.test(detail);
  const isRefused = !isPoco && status < 500 && status !== 408 && status !== 425 && status !== 429;
  const code: ClickHouseErrorCode =
    status === 401 || status === 403 || status === 407
      ? "CLICKHOUSE_ACCESS_DENIED"
      : isTooLong
        ? "CLICKHOUSE_QUERY_TOO_LARGE"
        : isRefused
          ? "CLICKHOUSE_QUERY_REJECTED"
          : "CLICKHOUSE_UNAVAILABLE";
  return new AppError({ code, message: `ClickHouse, or a proxy in front of it, answered ${status}.`, detail });
};
