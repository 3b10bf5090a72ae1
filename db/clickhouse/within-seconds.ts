/** ClickHouse within a time budget, for one API request: all its statements together, sequential or concurrent, have this many seconds. */
import { AppError } from "../../core/errors.ts";
import type { ClickHouse } from "./client.ts";

/**
 * Reads throw CLICKHOUSE_UNAVAILABLE `seconds` from now, even if the server is stopped. Streams start after the query has finished; from
 * the first byte on they fail only if none arrive for that long, as readers may be slow.
 */
export const withinSeconds = (
  clickhouse: ClickHouse,
  { seconds, nowMs }: { seconds: number; nowMs: () => number },
): Pick<ClickHouse, "queryRows" | "openBytes"> => {
  const endMs = nowMs() + seconds * 1000;
  // A statement that is already late still gets the time to fail by itself.
  const leftSeconds = () => Math.max(0.001, (endMs - nowMs()) / 1000);
  return {
    queryRows: (statement) => clickhouse.queryRows({ ...statement, timeoutSeconds: leftSeconds() }),
    openBytes: async (statement) => {
      const answer = await clickhouse.openBytes({ ...statement, timeoutSeconds: leftSeconds() });
      return { ...answer, body: withoutStalls(answer.body, { firstSeconds: leftSeconds(), seconds }) };
    },
  };
};

/**
 * Lets the server itself end what is not done `seconds` from now. Reads then throw CLICKHOUSE_RESOURCES, and leave nothing running behind
 * them.
 */
export const limitedOnServer = (
  clickhouse: Pick<ClickHouse, "queryRows" | "openBytes">,
  { seconds, nowMs }: { seconds: number; nowMs: () => number },
): Pick<ClickHouse, "queryRows" | "openBytes"> => {
  const endMs = nowMs() + seconds * 1000;
  const limit = (): Record<string, string> => {
    const leftSeconds = (endMs - nowMs()) / 1000;
    if (leftSeconds <= 0)
      throw new AppError({ code: "CLICKHOUSE_RESOURCES", message: `The queries of this request took more than ${seconds} s.` });
    return { max_execution_time: String(leftSeconds) };
  };
  return {
    queryRows: async (statement) => clickhouse.queryRows({ ...statement, settings: { ...statement.settings, ...limit() } }),
    openBytes: async (statement) => clickhouse.openBytes({ ...statement, settings: { ...statement.settings, ...limit() } }),
  };
};

const withoutStalls = (
  body: ReadableStream<Uint8Array>,
  { firstSeconds, seconds }: { firstSeconds: number; seconds: number },
): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  let waitSeconds = firstSeconds;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await inTime(reader.read(), waitSeconds, () => reader.cancel());
        waitSeconds = seconds;
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
};

const inTime = async <T>(read: Promise<T>, seconds: number, giveUp: () => Promise<unknown>): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new AppError({ code: "CLICKHOUSE_UNAVAILABLE", message: `ClickHouse sent nothing for ${seconds} s.` }));
      giveUp().catch(() => {
        // The read is abandoned in any case.
      });
    }, seconds * 1000);
  });
  try {
    return await Promise.race([read, late]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
};
