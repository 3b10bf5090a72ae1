import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../../core/errors.ts";
import { halveOnFailure } from "../../../runner/ingestion/halve-on-failure.ts";

/** Works on 1 to 8; a run that holds one of `faulty` fails. */
const worked = async ({ faulty, code = "CLICKHOUSE_QUERY_FAILED" }: { faulty: readonly number[]; code?: ErrorCode }) => {
  const runs: (readonly number[])[] = [];
  const failed: (readonly number[])[] = [];
  await halveOnFailure([1, 2, 3, 4, 5, 6, 7, 8], {
    signal: new AbortController().signal,
    run: async (items) => {
      runs.push(items);
      if (items.some((item) => faulty.includes(item))) throw new AppError({ code });
    },
    fail: (items) => failed.push(items),
  });
  return { runs: runs.length, failed };
};

describe("items that are worked on together", () => {
  it("take one run without a failure", async () => {
    expect(await worked({ faulty: [] })).toEqual({ runs: 1, failed: [] });
  });

  it("are halved until the one at fault fails alone", async () => {
    expect(await worked({ faulty: [6] })).toEqual({ runs: 7, failed: [[6]] });
  });

  it("fail each alone where several are at fault", async () => {
    expect((await worked({ faulty: [1, 2, 7] })).failed).toEqual([[1], [2], [7]]);
  });

  it("fail together and at once in an outage", async () => {
    expect(await worked({ faulty: [6], code: "CLICKHOUSE_UNAVAILABLE" })).toEqual({ runs: 1, failed: [[1, 2, 3, 4, 5, 6, 7, 8]] });
  });

  it("are neither failed nor halved after an abort", async () => {
    const controller = new AbortController();
    const reason = new Error("the lease is lost");
    let runs = 0;
    const run = async () => {
      runs++;
      controller.abort(reason);
      throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED" });
    };
    const fail = () => expect.unreachable();
    await expect(halveOnFailure([1, 2], { signal: controller.signal, run, fail })).rejects.toBe(reason);
    expect(runs).toBe(1);
  });
});
