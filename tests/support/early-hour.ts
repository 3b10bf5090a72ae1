/** A clock for databases of tests about hours and days: an hour has begun a short while ago, so none ends while the test runs. */
import postgres from "postgres";

const hourMs = 3_600_000;

export type EarlyHour = {
  nowMs: () => number;
  /** The beginning of the hour, which is the end of the last full one. */
  startMs: number;
  /** Sets the clock of a database before its first connection: `now()` and `clock_timestamp()` of the statements sent to it. */
  prepare: (directUrl: string) => Promise<void>;
};

export const startEarlyHour = (): EarlyHour => {
  const intoHourMs = Date.now() % hourMs;
  // Ahead, never back: default values of columns keep the real time, and what they make due must be due.
  const aheadMs = intoHourMs < hourMs / 4 ? 0 : hourMs - intoHourMs;
  const nowMs = () => Date.now() + aheadMs;
  return {
    nowMs,
    startMs: Math.floor(nowMs() / hourMs) * hourMs,
    prepare: async (directUrl) => {
      const sql = postgres(directUrl, { max: 1, onnotice: () => {} });
      const ahead = `interval '${aheadMs} milliseconds'`;
      try {
        await sql.unsafe(`create schema early_hour`);
        await sql.unsafe(
          `create function early_hour.now() returns timestamptz language sql stable as $$ select pg_catalog.now() + ${ahead} $$`,
        );
        await sql.unsafe(
          `create function early_hour.clock_timestamp() returns timestamptz language sql volatile as $$ select pg_catalog.clock_timestamp() + ${ahead} $$`,
        );
        await sql.unsafe(`alter database ${new URL(directUrl).pathname.slice(1)} set search_path = early_hour, pg_catalog, public`);
      } finally {
        await sql.end({ timeout: 1 });
      }
    },
  };
};
