/** A `fetch` for the product's ClickHouse client that adds up what the server says each statement read. */

export type Cost = {
  rows: number;
  bytes: number;
  statements: number;
  /** Time in the server. */
  serverMs: number;
};

type CountedFetch = {
  fetch: typeof fetch;
  /** Returns the sums since the last call, and begins again. */
  take: () => Cost;
};

const none: Cost = { rows: 0, bytes: 0, statements: 0, serverMs: 0 };

/** `onStatement` gets the cost and text of each statement. */
export const countReads = (onStatement?: (cost: Cost, sql: string) => void): CountedFetch => {
  let sum = none;
  const counting = async (input: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    // Statements wait for their end, so the summary is complete.
    const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as Record<string, string | undefined>;
    const one: Cost = {
      rows: Number(summary["read_rows"] ?? 0),
      bytes: Number(summary["read_bytes"] ?? 0),
      statements: 1,
      serverMs: Number(summary["elapsed_ns"] ?? 0) / 1e6,
    };
    sum = {
      rows: sum.rows + one.rows,
      bytes: sum.bytes + one.bytes,
      statements: sum.statements + 1,
      serverMs: sum.serverMs + one.serverMs,
    };
    onStatement?.(one, await textOf(init?.body));
    return response;
  };
  return {
    fetch: counting as typeof fetch,
    take: () => {
      const taken = sum;
      sum = none;
      return taken;
    },
  };
};

/** A statement travels as the body, or as a field of a form beside external tables. */
const textOf = async (body: unknown): Promise<string> => {
  if (typeof body === "string") return body;
  if (!(body instanceof FormData)) return "";
  const query = body.get("query");
  return typeof query === "string" ? query : query instanceof Blob ? await query.text() : "";
};
