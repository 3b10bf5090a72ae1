/** Ingestion events as an SDK sends them, with ids no other test of the file has. */
export type SentEvent = { id: string; timestamp: string; type: string; body: Record<string, unknown> };

/** `unique("trace")` is another id each time. */
export const uniqueIds = (): ((prefix: string) => string) => {
  let counter = 0;
  return (prefix) => `${prefix}-${++counter}`;
};

/** Seconds after noon of a day. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();

export const eventWith =
  (unique: (prefix: string) => string) =>
  (type: string, body: Record<string, unknown>, seconds = 0): SentEvent => ({
    id: unique("event"),
    timestamp: at(seconds),
    type,
    body,
  });
