/** Counts in answers of ClickHouse, which come as text. */
import { AppError } from "../../core/errors.ts";

/** A count from an answer; an answer without one is a failure, never a zero. */
export const parseCount = (text: string | undefined): number => {
  const count = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(count) || count < 0) throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED", detail: `${text} is not a count` });
  return count;
};
