/** ClickHouse: parses counts, which arrive as text. */
import { AppError } from "../../core/errors.ts";

/** Throws if the answer contains no count; never treats it as zero. */
export const parseCount = (text: string | undefined): number => {
  const count = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(count) || count < 0) throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED", detail: `${text} is not a count` });
  return count;
};
