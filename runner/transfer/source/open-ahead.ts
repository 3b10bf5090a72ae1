/** Opens slices before their turn, so that the server works ahead: it computes the next answer while one is read. */
import type { ByteAnswer } from "../../../db/clickhouse/client.ts";

/** `ahead`: how many slices are open besides the one that is read. The server holds their answers. */
export const openAhead = <Slice>(slices: readonly Slice[], ahead: number, open: (slice: Slice, index: number) => Promise<ByteAnswer>) => {
  const opened = new Map<number, Promise<ByteAnswer>>();
  const openAt = (slice: Slice, index: number): Promise<ByteAnswer> => {
    const before = opened.get(index);
    if (before !== undefined) return before;
    const answer = open(slice, index);
    // A failure is thrown when the slice is taken; this only prevents an unhandled rejection.
    answer.catch(() => {});
    opened.set(index, answer);
    return answer;
  };
  return {
    take: (index: number, slice: Slice): Promise<ByteAnswer> => {
      const first = openAt(slice, index);
      for (const [i, next] of slices.slice(index + 1, index + 1 + ahead).entries()) void openAt(next, index + 1 + i);
      return first;
    },
    forget: (index: number) => void opened.delete(index),
    /** Cancels the slices that were opened ahead. Nobody reads them any more, so failures to cancel are ignored. */
    close: () => {
      for (const answer of opened.values()) void answer.then(({ body }) => body.cancel()).catch(() => {});
    },
  };
};
