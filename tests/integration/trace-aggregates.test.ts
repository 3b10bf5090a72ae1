import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileRead } from "../../core/query/compile-read.ts";
import { traces } from "../../core/query/tables/traces.ts";
import { chooseTraceSource } from "../../core/traces/choose-trace-source.ts";
import { TraceExperimentEnv, traceExperimentFlags } from "../../core/traces/experiment-env.ts";
import type { ComparedRead, TraceExperiment, TraceSource } from "../../core/traces/measure-and-return.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { countTracesCreatedByProject } from "../../services/traces/access-patterns/count-traces-created-by-project.ts";
import { countTracesCreatedSince } from "../../services/traces/access-patterns/count-traces-created-since.ts";
import { countUsers } from "../../services/traces/access-patterns/count-users.ts";
import { hasAnyTrace } from "../../services/traces/access-patterns/has-any-trace.ts";
import { hasAnyUser } from "../../services/traces/access-patterns/has-any-user.ts";
import { listSessionTraceIdentifiers } from "../../services/traces/access-patterns/list-session-trace-identifiers.ts";
import { listSessionsTable } from "../../services/traces/access-patterns/list-sessions-table.ts";
import { listTraceNames } from "../../services/traces/access-patterns/list-trace-names.ts";
import { listTraceTags } from "../../services/traces/access-patterns/list-trace-tags.ts";
import { listTraceUsers } from "../../services/traces/access-patterns/list-trace-users.ts";
import { listTracesByIds } from "../../services/traces/access-patterns/list-traces-by-ids.ts";
import { listTracesOfAnyProject } from "../../services/traces/access-patterns/list-traces-of-any-project.ts";
import { countTracesTable, listTracesTable } from "../../services/traces/access-patterns/list-traces-table.ts";
import { listUserMetrics } from "../../services/traces/access-patterns/list-user-metrics.ts";
import { sessionHasTrace } from "../../services/traces/access-patterns/session-has-trace.ts";
import { streamBlobStorageTraces } from "../../services/traces/access-patterns/stream-blob-storage-traces.ts";
import { streamPosthogTraces } from "../../services/traces/access-patterns/stream-posthog-traces.ts";
import { traceExists } from "../../services/traces/access-patterns/trace-exists.ts";
import { joinPieces, type Piece } from "../../services/traces/answer.ts";
import type { DocumentReaderDeps, TraceReaderDeps } from "../../services/traces/answer-from.ts";
import { findTraceById, openTraceById } from "../../services/traces/find-trace-by-id.ts";
import { listPublicTraces } from "../../services/traces/list-public-traces.ts";
import { listTracesBySession } from "../../services/traces/list-traces-by-session.ts";
import { type TraceFieldGroup, traceFieldGroups } from "../../services/traces/trace-document.ts";
import type { TraceFilter } from "../../services/traces/trace-filter.ts";
import type { TraceOrder } from "../../services/traces/trace-page.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { isLong, runsOf } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";
import { byBytes, dayMs, type ExpectedTrace, hostileTexts, insertRows, sampleTraceSet, stored, text } from "../support/trace-set.ts";

/** `SEED=… vitest` repeats a run. */
const seed = seedFrom("SEED");
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const set = sampleTraceSet(seed, 220, nowMs);
const { projectId, otherProjectId, expected } = set;
const everything = { page: 1, rowsMax: 1000 };
const allowed = { aggregateTables: [] };

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
beforeAll(async () => {
  console.log(`trace aggregates: SEED=${seed}`);
  database = await createClickHouseDatabase();
  await set.store(database);
});
afterAll(() => database.drop());

/** Every source that has all traces from an instant on. */
const sourcesSince = (from: Date | null): TraceSource[] => {
  const smallest = chooseTraceSource({ from, now: new Date(nowMs), flags: allowed });
  const tables: TraceSource[] = ["traces", "traces_all_amt"];
  return smallest === "traces_all_amt" ? tables : [...tables, smallest];
};

const same = async <Answer>(from: Date | null, ask: (deps: TraceReaderDeps) => Promise<Answer>, wanted: Answer) => {
  for (const source of sourcesSince(from)) expect(await ask({ clickhouse: database.clickhouse, source }), source).toEqual(wanted);
};

const fits = (trace: ExpectedTrace, filter: TraceFilter): boolean => {
  const isIn = (list: string[] | undefined, value: string | null) => list === undefined || (value !== null && list.includes(value));
  const at = Date.parse(trace.timestamp);
  return (
    (filter.from === undefined || at >= filter.from.getTime()) &&
    (filter.to === undefined || at < filter.to.getTime()) &&
    isIn(filter.names, trace.name) &&
    isIn(filter.userIds, trace.userId) &&
    isIn(filter.sessionIds, trace.sessionId) &&
    isIn(filter.environments, trace.environment) &&
    (filter.tags ?? []).every((tag) => trace.tags.includes(tag)) &&
    (filter.version === undefined || (trace.version === filter.version && filter.version !== "")) &&
    (filter.release === undefined || (trace.release === filter.release && filter.release !== ""))
  );
};

const value = fc.oneof(text, fc.constantFrom("old", "old user", "old session", "old tag"));
/** Often exactly that of a trace: bounds are tested where they lie on one. */
const instant = fc.oneof(
  fc.nat(62 * dayMs).map((ms) => new Date(nowMs - ms)),
  fc.constantFrom(...expected.map(({ timestamp }) => new Date(timestamp))),
);
const filters: fc.Arbitrary<TraceFilter> = fc.record(
  {
    from: instant,
    to: instant,
    names: fc.array(value, { maxLength: 4 }),
    userIds: fc.array(value, { maxLength: 4 }),
    sessionIds: fc.array(value, { maxLength: 4 }),
    environments: fc.array(fc.constantFrom("default", "production", "old"), { minLength: 1, maxLength: 2 }),
    tags: fc.array(value, { maxLength: 1 }),
    version: value,
    release: value,
  },
  { requiredKeys: [], noNullPrototype: true },
);
/** At most two conditions: more rarely match anything. */
const someFilter = fc.tuple(filters, fc.nat(100), fc.nat(100)).map(([filter, a, b]): TraceFilter => {
  const names = Object.keys(filter);
  const kept = new Set([names[a % Math.max(1, names.length)], names[b % Math.max(1, names.length)]]);
  return Object.fromEntries(Object.entries(filter).filter(([name]) => kept.has(name)));
});

const forFilters = (check: (filter: TraceFilter, matching: ExpectedTrace[]) => Promise<void>, numRuns = runsOf(12)) =>
  fc.assert(
    fc.asyncProperty(someFilter, (filter) =>
      check(
        filter,
        expected.filter((trace) => fits(trace, filter)),
      ),
    ),
    {
      seed,
      numRuns,
      examples: [
        [{}],
        [{ to: new Date(expected[20]?.timestamp ?? nowMs) }],
        [{ from: new Date(nowMs - 5 * dayMs) }],
        [{ from: new Date(nowMs - 20 * dayMs) }],
      ],
      endOnFailure: true,
    },
  );

const pick = <Key extends keyof ExpectedTrace>(trace: ExpectedTrace, keys: readonly Key[]) =>
  Object.fromEntries(keys.map((key) => [key, trace[key]])) as Pick<ExpectedTrace, Key>;
const core = [
  "id",
  "projectId",
  "timestamp",
  "name",
  "userId",
  "sessionId",
  "release",
  "version",
  "environment",
  "tags",
  "public",
  "bookmarked",
  "createdAt",
  "updatedAt",
] as const;
const full = [...core, "input", "output", "metadata"] as const;
const totals = ["observationIds", "scoreIds", "totalCost", "totalTokens", "latencyMs"] as const;

const bytesMax = 80_000_000;

const parsed = async <Document>(pieces: readonly Piece[]): Promise<Document[]> =>
  JSON.parse(`[${await new Response(joinPieces(pieces)).text()}]`) as Document[];

/** As the public API shows it; ids and tags are sorted. The latency from `traces` is that of the observations alone, so it is not compared. */
const shown = ({ startedMs: _, endedMs: __, latencyMs: ___, totalTokens: ____, observationIds, scoreIds, ...trace }: ExpectedTrace) => ({
  ...trace,
  externalId: null,
  name: trace.name === "" ? null : trace.name,
  input: asJson(trace.input),
  output: asJson(trace.output),
  metadata: Object.fromEntries(Object.entries(trace.metadata).map(([key, text]) => [key, asJson(text)])),
  totalCost: Number(trace.totalCost),
  htmlPath: `/project/${encodeURIComponent(trace.projectId)}/traces/${encodeURIComponent(trace.id)}`,
  observations: observationIds,
  scores: scoreIds,
});
const bare = ({ totalCost: _, htmlPath: __, observations: ___, scores: ____, ...trace }: ReturnType<typeof shown>) => trace;
const asJson = (text: string | null): unknown => {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const sameDocuments = async (
  from: Date | null,
  ask: (deps: DocumentReaderDeps) => Promise<Record<string, unknown>[]>,
  wanted: readonly Record<string, unknown>[],
) => {
  for (const source of sourcesSince(from)) {
    const documents = await ask({ clickhouse: database.clickhouse, source });
    const found = documents.map(({ latency: _, htmlPath, ...document }) => ({
      ...document,
      ...(htmlPath === undefined ? {} : { htmlPath: encodedAlike(String(htmlPath)) }),
      ...Object.fromEntries(
        ["tags", "observations", "scores"].flatMap((name) =>
          name in document ? [[name, (document[name] as string[]).toSorted(byBytes)]] : [],
        ),
      ),
    }));
    expect(found, source).toEqual(
      wanted.map((document) => ("htmlPath" in document ? { ...document, htmlPath: encodedAlike(String(document["htmlPath"])) } : document)),
    );
  }
};
const encodedAlike = (path: string) => path.split("/").map((part) => decodeURIComponent(part));

/** The same filter in the language of the public API. */
const queryOf = (filter: TraceFilter) => {
  const lists = { name: filter.names, userId: filter.userIds, sessionId: filter.sessionIds, environment: filter.environments };
  return compileRead(traces, {
    orderBy: null,
    parameters: [],
    filter: [
      ...Object.entries(lists).flatMap(([column, value]) =>
        value === undefined ? [] : [{ type: "stringOptions", column, operator: "any of", value }],
      ),
      ...(filter.tags === undefined ? [] : [{ type: "arrayOptions", column: "tags", operator: "all of", value: filter.tags }]),
      ...(["version", "release"] as const).flatMap((column) => {
        const value = filter[column];
        return value === undefined ? [] : [{ type: "string", column, operator: "=", value }];
      }),
      ...(filter.from === undefined ? [] : [{ type: "datetime", column: "timestamp", operator: ">=", value: filter.from.toISOString() }]),
      ...(filter.to === undefined ? [] : [{ type: "datetime", column: "startTime", operator: "<", value: filter.to.toISOString() }]),
    ],
  });
};

const grouped = (values: string[]) =>
  [...new Set(values)]
    .filter((one) => one !== "")
    .map((one) => ({ value: one, countTraces: values.filter((other) => other === one).length }))
    .toSorted((a, b) => b.countTraces - a.countTraces || byBytes(a.value, b.value));
/** A sum of decimal texts, exact. */
const sumCosts = (texts: string[]): string => {
  const scaled = texts.reduce((sum, one) => {
    const [whole = "0", fraction = ""] = one.split(".");
    return sum + BigInt(whole + fraction.padEnd(12, "0"));
  }, 0n);
  const digits = scaled.toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
};
const sumTokens = (traces: ExpectedTrace[]) => String(traces.reduce((sum, { totalTokens }) => sum + Number(totalTokens), 0));
const firstOf = <T>(list: readonly T[]): T => {
  const [first] = list;
  if (first === undefined) throw new Error(`the data of SEED=${seed} has none`);
  return first;
};

describe("the data", () => {
  it("has traces of every age, deleted ones, users, sessions and both projects", () => {
    const daysOld = expected.map(({ startedMs }) => (nowMs - startedMs) / dayMs);
    for (const [from, to] of [
      [0, 7],
      [7, 30],
      [30, 61],
    ] as const)
      expect(daysOld.filter((days) => days > from && days < to).length).toBeGreaterThan(5);
    expect(set.deletedIds.length).toBeGreaterThan(3);
    expect(expected.length).toBeGreaterThan(100);
    expect(set.live.length - expected.length).toBeGreaterThan(10);
  });
});

describe("single traces", () => {
  it("are found by id with all their values", async () => {
    for (const trace of expected.slice(0, runsOf(40))) {
      await same(null, (deps) => findTraceById(deps, { projectId, traceId: trace.id }), pick(trace, full));
      const from = new Date(trace.timestamp);
      await same(from, (deps) => findTraceById(deps, { projectId, traceId: trace.id, from }), pick(trace, full));
      await same(null, (deps) => findTraceById(deps, { projectId, traceId: trace.id, from: new Date(from.getTime() + 1) }), undefined);
    }
  });

  it("are not found when deleted, of another project, or written by nobody but their observations", async () => {
    const other = firstOf(set.live.filter((trace) => trace.projectId === otherProjectId));
    for (const traceId of [...set.deletedIds.slice(0, 5), other.id, "nobody wrote this", ...hostileTexts]) {
      await same(null, (deps) => findTraceById(deps, { projectId, traceId }), undefined);
      await same(null, (deps) => traceExists(deps, { projectId, traceId }), false);
    }
    await same(null, (deps) => findTraceById(deps, { projectId: otherProjectId, traceId: other.id }), pick(other, full));
  });

  it("are listed by ids in the order asked for", async () => {
    const ids = ["missing", ...expected.map(({ id }) => id).toReversed(), ...set.deletedIds];
    await same(
      null,
      (deps) => listTracesByIds(deps, { projectId, traceIds: ids }),
      expected.toReversed().map((trace) => pick(trace, core)),
    );
    const from = new Date(nowMs - 5 * dayMs);
    const late = expected.filter(({ startedMs }) => startedMs >= from.getTime());
    await same(
      from,
      (deps) => listTracesByIds(deps, { projectId, traceIds: ids, from }),
      late.toReversed().map((trace) => pick(trace, core)),
    );
  });

  it("exist where they fit the filter", async () => {
    const trace = firstOf(expected);
    await forFilters((filter) =>
      same(filter.from ?? null, (deps) => traceExists(deps, { projectId, traceId: trace.id, filter }), fits(trace, filter)),
    );
  });

  it("are found in whatever project they are", async () => {
    const ids = set.live.map(({ id }) => id);
    const places = set.live
      .map(({ id, projectId }) => ({ id, projectId }))
      .toSorted((a, b) => byBytes(a.id, b.id) || byBytes(a.projectId, b.projectId));
    await same(null, (deps) => listTracesOfAnyProject(deps, { traceIds: [...ids, ...set.deletedIds, "nobody wrote this"] }), places);
  });
});

describe("sessions", () => {
  const sessionIds = ["alpha", ...hostileTexts.slice(0, 4), "old session", "none"];

  it("have their traces in the order of time", async () => {
    for (const sessionId of sessionIds) {
      const traces = expected.filter((trace) => trace.sessionId === sessionId);
      await sameDocuments(
        null,
        async (deps) => {
          const found = await listTracesBySession(deps, { projectId, sessionId }, { bytesMax });
          expect(found?.session).toEqual(
            traces[0] === undefined ? undefined : { id: sessionId, createdAt: traces[0].timestamp, environment: traces[0].environment },
          );
          return parsed(found?.traces ?? []);
        },
        traces.map((trace) => bare(shown(trace))),
      );
      const identifiers = traces.map((trace) => pick(trace, ["id", "projectId", "timestamp", "name", "userId", "environment"]));
      await same(null, (deps) => listSessionTraceIdentifiers(deps, { projectId, sessionId, page: everything }), identifiers);
      await same(null, (deps) => sessionHasTrace(deps, { projectId, sessionId }), traces.length > 0);
      const from = new Date(nowMs - 5 * dayMs);
      await same(
        from,
        (deps) => sessionHasTrace(deps, { projectId, sessionId, from }),
        traces.some(({ startedMs }) => startedMs >= from.getTime()),
      );
    }
  });

  it("are tabled with what their traces come to", async () => {
    await forFilters(async (filter, matching) => {
      const rows = [...new Set(matching.flatMap(({ sessionId }) => sessionId ?? []))]
        .map((sessionId) => {
          const traces = matching.filter((trace) => trace.sessionId === sessionId);
          const times = traces.map(({ timestamp }) => timestamp).toSorted();
          const distinct = (values: string[]) => [...new Set(values)].toSorted(byBytes);
          return {
            sessionId,
            createdAt: times[0] ?? "",
            lastTraceAt: times.at(-1) ?? "",
            countTraces: traces.length,
            userIds: distinct(traces.flatMap(({ userId }) => userId ?? [])),
            environments: distinct(traces.map(({ environment }) => environment)),
            traceTags: distinct(traces.flatMap(({ tags }) => tags)),
            countObservations: traces.reduce((sum, { observationIds }) => sum + observationIds.length, 0),
            durationMs: Math.max(...traces.map(({ endedMs }) => endedMs)) - Math.min(...traces.map(({ startedMs }) => startedMs)),
            totalTokens: sumTokens(traces),
            totalCost: sumCosts(traces.map(({ totalCost }) => totalCost)),
          };
        })
        .toSorted((a, b) => byBytes(b.createdAt, a.createdAt) || byBytes(b.sessionId, a.sessionId));
      await same(filter.from ?? null, (deps) => listSessionsTable(deps, { projectId, filter, page: everything }), rows);
      await same(
        filter.from ?? null,
        (deps) => listSessionsTable(deps, { projectId, filter, page: { page: 2, rowsMax: 2 } }),
        rows.slice(2, 4),
      );
    });
  });
});

describe("existence", () => {
  it("of traces and users is told for each project", async () => {
    for (const [id, wanted] of [
      [projectId, true],
      [otherProjectId, true],
      ["no project", false],
      ["' OR 1=1 --", false],
    ] as const) {
      await same(null, (deps) => hasAnyTrace(deps, { projectId: id }), wanted);
      await same(null, (deps) => hasAnyUser(deps, { projectId: id }), wanted);
    }
  });
});

describe("groups", () => {
  it("by name, user and tag count the traces that fit", async () => {
    await forFilters(async (filter, matching) => {
      const from = filter.from ?? null;
      const users = grouped(matching.flatMap(({ userId }) => userId ?? []));
      const tags = grouped(matching.flatMap((trace) => trace.tags));
      await same(from, (deps) => listTraceNames(deps, { projectId, filter, page: everything }), grouped(matching.map(({ name }) => name)));
      await same(from, (deps) => listTraceUsers(deps, { projectId, filter, page: everything }), users);
      const found = users.filter((user) => user.value.toLowerCase().includes("alpha"));
      await same(from, (deps) => listTraceUsers(deps, { projectId, filter, search: "ALPHA", page: everything }), found);
      await same(from, (deps) => listTraceTags(deps, { projectId, filter, page: everything }), tags);
      await same(from, (deps) => listTraceTags(deps, { projectId, filter, page: { page: 2, rowsMax: 2 } }), tags.slice(2, 4));
      await same(from, (deps) => countUsers(deps, { projectId, filter }), users.length);
    });
  });

  it("search users for hostile texts as they are", async () => {
    for (const search of hostileTexts)
      await same(
        null,
        (deps) => listTraceUsers(deps, { projectId, search, page: everything }),
        grouped(expected.flatMap(({ userId }) => userId ?? [])).filter((user) => user.value.includes(search)),
      );
  });

  it("of users have sums", async () => {
    const userIds = ["alpha", "beta", "nobody", ...hostileTexts];
    await forFilters(async ({ userIds: _, ...filter }) => {
      const matching = expected.filter((trace) => fits(trace, { ...filter, userIds }));
      const rows = [...new Set(matching.flatMap(({ userId }) => userId ?? []))].toSorted(byBytes).map((userId) => {
        const traces = matching.filter((trace) => trace.userId === userId);
        return {
          userId,
          countTraces: traces.length,
          firstTraceAt: traces[0]?.timestamp ?? "",
          lastTraceAt: traces.at(-1)?.timestamp ?? "",
          countObservations: traces.reduce((sum, { observationIds }) => sum + observationIds.length, 0),
          totalTokens: sumTokens(traces),
          totalCost: sumCosts(traces.map(({ totalCost }) => totalCost)),
        };
      });
      await same(filter.from ?? null, (deps) => listUserMetrics(deps, { projectId, userIds, filter }), rows);
    });
  });
});

describe("tables of traces", () => {
  const ordered = (traces: ExpectedTrace[], { column, direction }: TraceOrder) => {
    const sign = direction === "asc" ? 1 : -1;
    const compare = (a: ExpectedTrace, b: ExpectedTrace) => {
      const [left, right] = [a[column], b[column]];
      if (left === null || right === null) return left === right ? sign * byBytes(a.id, b.id) : left === null ? 1 : -1;
      return sign * (byBytes(left, right) || byBytes(a.id, b.id));
    };
    return traces.toSorted(compare);
  };

  it("are filtered, ordered and paged, with sums", async () => {
    const columns = ["id", "timestamp", "name", "userId", "sessionId", "environment", "release", "version"] as const;
    let turn = 0;
    await forFilters(async (filter, matching) => {
      const order: TraceOrder = { column: columns[turn % columns.length] ?? "id", direction: turn++ % 2 === 0 ? "asc" : "desc" };
      const from = filter.from ?? null;
      const rows = ordered(matching, order).map((trace) => pick(trace, [...core, ...totals]));
      await same(from, (deps) => listTracesTable(deps, { projectId, filter, order, page: everything }), rows);
      await same(from, (deps) => listTracesTable(deps, { projectId, filter, order, page: { page: 3, rowsMax: 7 } }), rows.slice(14, 21));
      await same(from, (deps) => countTracesTable(deps, { projectId, filter }), rows.length);
    }, runsOf(20));
  });

  it("of the public API are documents, with payloads, sums and the number of all", async () => {
    const groups = new Set(traceFieldGroups);
    const byId = (a: Record<string, unknown>, b: Record<string, unknown>) => byBytes(String(a["id"]), String(b["id"]));
    await forFilters(async (filter, matching) => {
      // A list without values is refused there.
      if (Object.values(filter).some((value) => Array.isArray(value) && value.length === 0)) return;
      const query = queryOf(filter);
      expect(query.from).toEqual(filter.from ?? null);
      await sameDocuments(
        query.from,
        async (deps) => {
          const { documents, totalItems } = await listPublicTraces(deps, query, { projectId, page: 1, limit: 1000, groups, bytesMax });
          expect(totalItems).toBe(matching.length);
          const found = await parsed<Record<string, unknown>>(documents);
          const times = found.map(({ timestamp }) => String(timestamp));
          expect(times).toEqual(times.toSorted().toReversed());
          return found.toSorted(byId);
        },
        matching.map(shown).toSorted(byId),
      );
    });
  });

  it("of the public API are the same alone", async () => {
    const groups = new Set(traceFieldGroups);
    for (const trace of expected.slice(0, runsOf(20))) {
      const { observations: _, scores: __, ...alone } = shown(trace);
      await sameDocuments(
        null,
        async (deps) => parsed(["{", ...(await openTraceById(deps, { projectId, traceId: trace.id }, { groups, bytesMax })), "}"]),
        [alone],
      );
    }
  });

  it.each([
    { page: 0, rowsMax: 10 },
    { page: 1, rowsMax: 0 },
    { page: 1, rowsMax: 1001 },
    { page: 1.5, rowsMax: 10 },
    { page: Number.NaN, rowsMax: 10 },
  ])("refuse the page %j", async (page) => {
    await expect(listTracesTable({ clickhouse: database.clickhouse }, { projectId, page })).rejects.toThrow();
  });
});

describe("streams", () => {
  const collect = async <Row>(batches: AsyncIterable<Row[]>, rowsMax: number): Promise<Row[]> => {
    const rows: Row[] = [];
    for await (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(rowsMax);
      rows.push(...batch);
    }
    return rows;
  };

  it("give each trace of the window once, in the order of time, in batches", async () => {
    for (const [fromDays, toDays, rowsMax] of [
      [5, 0, isLong ? 7 : 20],
      [29, 5, isLong ? 13 : 40],
      [70, 0, isLong ? 50 : 100],
      [70, 0, 1000],
      [5, 5, 3],
    ] as const) {
      const window = { projectId, from: new Date(nowMs - fromDays * dayMs), to: new Date(nowMs - toDays * dayMs), rowsMax };
      const traces = expected.filter((trace) => fits(trace, window));
      const posthog = traces.map((trace) => pick(trace, [...core, ...totals]));
      await same(window.from, (deps) => collect(streamPosthogTraces(deps, window), rowsMax), posthog);
      const blob = traces.map((trace) => pick(trace, full));
      await same(window.from, (deps) => collect(streamBlobStorageTraces(deps, window), rowsMax), blob);
    }
  });

  it("hold both ends of a window: the first instant in, the last out", async () => {
    const [first, last] = [firstOf(expected), firstOf(expected.toReversed())];
    const window = { projectId, from: new Date(first.timestamp), to: new Date(last.timestamp) };
    const traces = expected.filter((trace) => fits(trace, window));
    expect(traces.length).toBeGreaterThan(0);
    await same(
      window.from,
      (deps) => collect(streamBlobStorageTraces(deps, window), 500),
      traces.map((trace) => pick(trace, full)),
    );
  });
});

describe("counts by creation", () => {
  it("are told for the projects asked for only", async () => {
    const start = new Date(nowMs - 40 * dayMs);
    const end = new Date(nowMs - 3 * dayMs);
    const created = set.live.filter(({ createdAt }) => Date.parse(createdAt) >= start.getTime());
    const counts = [projectId, otherProjectId].toSorted(byBytes).map((id) => ({
      projectId: id,
      countTraces: created.filter((trace) => trace.projectId === id && Date.parse(trace.createdAt) < end.getTime()).length,
    }));
    await same(null, (deps) => countTracesCreatedByProject(deps, { projectIds: [projectId, otherProjectId, "none"], start, end }), counts);
    await same(
      null,
      (deps) => countTracesCreatedByProject(deps, { projectIds: [projectId], start, end }),
      counts.filter((count) => count.projectId === projectId),
    );
    await same(
      null,
      (deps) => countTracesCreatedSince(deps, { projectIds: [projectId], start }),
      created.filter((trace) => trace.projectId === projectId).length,
    );
    await same(null, (deps) => countTracesCreatedSince(deps, { projectIds: [], start }), 0);
  });
});

describe("the experiment", () => {
  const flagsOf = (env: Record<string, string>) =>
    traceExperimentFlags(
      TraceExperimentEnv.parse({
        LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: "true",
        LANGFUSE_EXPERIMENT_SAMPLING_RATE: "1",
        ...env,
      }),
    );
  const asked = (env: Record<string, string>) => {
    const reports: ComparedRead[] = [];
    const deferred: Promise<void>[] = [];
    const statements: string[] = [];
    const clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> = {
      openBytes: database.clickhouse.openBytes,
      queryRows: (statement) => {
        statements.push(statement.sql);
        return database.clickhouse.queryRows(statement);
      },
    };
    const experiment: TraceExperiment = {
      flags: flagsOf(env),
      now: () => new Date(nowMs),
      seconds: () => performance.now() / 1000,
      random: () => 0.5,
      report: (report) => reports.push(report),
      defer: (work) => deferred.push(work),
    };
    return { deps: { clickhouse, experiment }, reported: () => Promise.all(deferred).then(() => reports), statements };
  };

  it.each([
    [5, "traces_7d_amt"],
    [20, "traces_30d_amt"],
    [50, "traces_all_amt"],
  ] as const)("compares a read of %d days with %s and finds it equal", async (days, table) => {
    const { deps, reported, statements } = asked({});
    const filter = { from: new Date(nowMs - days * dayMs) };
    const rows = await listTracesTable(deps, { projectId, filter, page: everything });
    expect(rows.length).toBeGreaterThan(5);
    const reports = await reported();
    expect(reports).toMatchObject([
      { operation: "list_traces_table", projectId, source: table, isEqual: true, returned: "traces", failure: null },
    ]);
    expect(reports[0]?.tracesSeconds).toBeGreaterThan(0);
    expect(reports[0]?.aggregateSeconds).toBeGreaterThan(0);
    expect(statements.some((sql) => sql.includes(`FROM ${table} `))).toBe(true);
    expect(statements.some((sql) => /traces_(all|7d|30d)_amt/.test(sql.replaceAll(table, "")))).toBe(false);
  });

  it("compares every page of a stream, with one decision", async () => {
    const { deps, reported } = asked({});
    const window = { projectId, from: new Date(nowMs - 5 * dayMs), to: new Date(nowMs), rowsMax: 10 };
    let rows = 0;
    for await (const batch of streamPosthogTraces(deps, window)) rows += batch.length;
    expect(rows).toBe(expected.filter((trace) => fits(trace, window)).length);
    const reports = await reported();
    expect(reports.length).toBe(Math.floor(rows / 10) + 1);
    expect(reports.every(({ isEqual, source }) => isEqual && source === "traces_7d_amt")).toBe(true);
  });

  it("sees a difference, and answers from where it is told to", async () => {
    const trace = firstOf(expected.filter(({ bookmarked, startedMs }) => !bookmarked && nowMs - startedMs > 30 * dayMs));
    const original = await createClickHouseDatabase();
    try {
      await set.store(original);
      await original.query(
        `ALTER TABLE traces UPDATE name = 'changed' WHERE endsWith(id, '${trace.id.split(" ").at(-1)}') SETTINGS mutations_sync = 2`,
      );
      for (const [env, returned] of [
        [{}, "changed"],
        [{ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: "true" }, trace.name],
        [{ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true" }, "changed"],
      ] as const) {
        const { deps, reported } = asked({ ...env, LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS: projectId });
        const row = await findTraceById({ ...deps, clickhouse: original.clickhouse }, { projectId, traceId: trace.id });
        expect(row?.name).toBe(returned);
        expect(await reported()).toMatchObject([
          { isEqual: false, source: "traces_all_amt", results: { traces: { name: "changed" }, aggregate: { name: trace.name } } },
        ]);
      }
    } finally {
      await original.drop();
    }
  });

  it("answers from traces when the aggregate fails, and reports why", async () => {
    const broken = await createClickHouseDatabase();
    try {
      await broken.query("DROP TABLE traces_all_amt_mv SYNC");
      await broken.query("DROP TABLE traces_all_amt SYNC");
      const { deps, reported } = asked({ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: "true" });
      expect(await hasAnyTrace({ ...deps, clickhouse: broken.clickhouse }, { projectId })).toBe(false);
      expect(await reported()).toMatchObject([
        { isEqual: false, aggregateSeconds: null, returned: "traces", failure: { code: "CLICKHOUSE_QUERY_REJECTED" } },
      ]);
    } finally {
      await broken.drop();
    }
  });

  it("compares documents by their values, whatever the order of keys, tags and ids", async () => {
    const groups = new Set<TraceFieldGroup>(["core", "io", "observations", "scores"]);
    const { deps, reported } = asked({});
    const { documents } = await listPublicTraces(deps, queryOf({}), { projectId, page: 1, limit: 100, groups, bytesMax });
    const [trace = { id: "" }] = await parsed<{ id: string }>(documents);
    await openTraceById(deps, { projectId, traceId: trace.id }, { groups, bytesMax });
    await openTraceById(deps, { projectId, traceId: "nobody wrote this" }, { groups, bytesMax });
    await listTracesBySession(deps, { projectId, sessionId: "alpha" }, { bytesMax });
    const found = { isEqual: true, failure: null, source: "traces_all_amt" };
    expect(await reported()).toMatchObject([
      { ...found, operation: "list_public_traces" },
      { ...found, operation: "find_trace_by_id" },
      { ...found, operation: "find_trace_by_id" },
      { ...found, operation: "list_traces_by_session" },
    ]);
  });

  it("answers from traces what is too large to be held, and says so", async () => {
    const large = await createClickHouseDatabase();
    try {
      const instant = stored(nowMs);
      const trace = {
        id: "large",
        project_id: projectId,
        timestamp: instant,
        event_ts: instant,
        created_at: instant,
        updated_at: instant,
        input: "x".repeat(2_000_001),
      };
      await insertRows(large, "traces", [{ ...trace, name: "", metadata: {}, is_deleted: 0 }]);
      const { timestamp: start_time, ...row } = trace;
      await insertRows(large, "traces_mt", [{ ...row, start_time, public: false, bookmarked: false }]);
      for (const returns of ["true", "false"]) {
        const { deps, reported } = asked({ LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: returns });
        const groups = new Set<TraceFieldGroup>(["io"]);
        const members = await openTraceById(
          { ...deps, clickhouse: large.clickhouse },
          { projectId, traceId: "large" },
          { groups, bytesMax },
        );
        const [document] = await parsed<{ input: string }>(["{", ...members, "}"]);
        expect(document?.input).toHaveLength(2_000_001);
        expect(await reported()).toMatchObject([{ isEqual: false, returned: "traces", failure: { code: "ANSWER_TOO_LARGE" } }]);
      }
    } finally {
      await large.drop();
    }
  });
});
