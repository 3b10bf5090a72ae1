/** What the export dialog gives to copy, run for real: a shell reads the commands, and the programs they name read their arguments. */
import { spawnSync } from "node:child_process";
import { Readable } from "node:stream";
import { Command } from "@commander-js/extra-typings";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildExport, fileOptions, queryOptions } from "../../../cli/user/commands/export-request.ts";
import { asClient, asCommand, asCurl } from "../../../console/src/features/tables/copy-as.ts";
import { type ExportDraft, faultsOf, newExport, requestOf } from "../../../console/src/features/tables/export-draft.ts";
import type { CreateBatchExport as Request } from "../../../console/src/generated/types.gen.ts";
import { CreateBatchExport } from "../../../core/exports/request.ts";

const origin = "https://spillway.example.com";

/** Arguments and standard input of the last program of a command line. */
const run = (program: string, line: string): { args: string[]; input: string } => {
  const script = `${program}() { printf '%s\\0' "$@"; printf '\\0'; case "$*" in *'--request -') cat;; esac; }\n${line}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8", maxBuffer: 1e8 });
  expect([status, stderr]).toEqual([0, ""]);
  const end = stdout.indexOf("\0\0");
  return { args: stdout.slice(0, end).split("\0"), input: stdout.slice(end + 2) };
};

const bodyOfCommand = async (request: Request): Promise<unknown> => {
  const { args, input } = run("spillway", asCommand(request));
  expect(args.slice(0, 2)).toEqual(["export", "create"]);
  const options = fileOptions(queryOptions(new Command())).exitOverride().parse(args.slice(2), { from: "user" }).opts();
  const client = new Proxy({}, { get: () => expect.unreachable("nothing is asked of the API") });
  return buildExport(client as never, options, { stdin: Readable.from([input]) as never, nowMs: () => 0 });
};

const bodyOfClient = async (request: Request): Promise<unknown> => {
  let body: unknown;
  class SpillwayClient {
    constructor(readonly options: { baseUrl: string }) {
      expect(options.baseUrl).toBe(origin);
    }
    exports = {
      create: (given: unknown) => {
        body = given;
        return Promise.resolve({ id: "bex_1" });
      },
      waitFor: () => Promise.resolve({ status: "COMPLETED", result: null }),
    };
  }
  const source = asClient(request, origin).replace('import { SpillwayClient } from "@spillway/client";', "");
  // biome-ignore lint/security/noGlobalEval: the snippet is what is tested.
  await globalThis.eval(`async (SpillwayClient, console) => {${source}}`)(SpillwayClient, { log: () => {} });
  return body;
};

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "it's",
    "`rm -rf`",
    "$(touch /tmp/x)",
    "a\\",
    "-x",
    "--help",
    "!!",
    "\u202eevil\u202c",
    "line\nbreak",
    " trimmed ",
    '"',
    "%s\\n",
  ),
);
const name = text.map((one) => one.trim().replaceAll("\0", "").slice(0, 100));
const drafts: fc.Arbitrary<ExportDraft> = fc.record({
  name,
  format: fc.constantFrom("CSV", "JSONL", "JSON", "PARQUET"),
  compression: fc.constantFrom("none", "gzip", "zstd"),
  hasAllColumns: fc.boolean(),
  scores: fc.constantFrom("columns", "nested", "none"),
  limit: fc.constantFrom("", "10"),
  split: fc.constantFrom("", "64"),
  neutralizeFormulas: fc.boolean(),
  bom: fc.boolean(),
  embed: fc.boolean(),
  embedLevels: fc.constantFrom("250", "12"),
  privacy: fc.array(
    fc.record({
      path: fc.constantFrom("input", 'metadata["any key"]', "input.messages[*].content", ""),
      action: fc.constantFrom("mask", "hash", "drop"),
    }),
    { maxLength: 2 },
  ),
  expiresAfterHours: fc.constantFrom(1, 24, 720),
  notify: fc.boolean(),
});
const queries: fc.Arbitrary<Request["query"]> = fc.record(
  {
    tableName: fc.constantFrom("events", "traces"),
    filter: fc.array(
      fc.record({ type: fc.constant("string" as const), column: fc.constant("name"), operator: fc.constant("=" as const), value: text }),
      { maxLength: 2 },
    ),
    searchQuery: text.filter((one) => one !== "" && !one.includes("\0")),
    searchType: fc.constantFrom(["input" as const], ["content" as const]),
    orderBy: fc.constantFrom(null, { column: "startTime", order: "ASC" as const }),
    columns: fc.constantFrom(["id", "name"], ["output"]),
  },
  { requiredKeys: ["tableName", "filter"] },
);
const requests = fc.tuple(queries, drafts).map(([query, draft]) => requestOf(query, draft));

/** With the defaults of the API. */
const whole = (request: unknown) => CreateBatchExport.parse(request);

describe("an export copied", () => {
  it("as curl sends the request of the dialog", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { args } = run("curl", asCurl(request, origin));
        expect(args.slice(0, 6)).toEqual([
          "-u",
          "PUBLIC_KEY:SECRET_KEY",
          `${origin}/api/public/batch-exports`,
          "-H",
          "Content-Type: application/json",
          "-d",
        ]);
        expect(args).toHaveLength(7);
        expect(JSON.parse(args[6] ?? "")).toEqual(request);
      }),
      { numRuns: 40 },
    );
  });

  it("as a program sends the request of the dialog", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        expect(await bodyOfClient(request)).toEqual(request);
      }),
      { numRuns: 60 },
    );
  });

  it("as a command makes the request of the dialog", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        expect(whole(await bodyOfCommand(request))).toEqual(whole(request));
      }),
      { numRuns: 60 },
    );
  });

  it("shows what would be hidden in it", () => {
    const request: Request = { format: "CSV", name: "\u202egpj", query: { tableName: "events", searchQuery: "\u200bx" } };
    for (const copied of [asCurl(request, origin), asClient(request, origin), asCommand(request)]) {
      expect(copied).not.toMatch(/[\u202e\u200b]/);
      expect(copied).toContain("\\u202egpj");
    }
  });
});

describe("the request of a draft", () => {
  it("has nothing that the API would fill in", () => {
    expect(requestOf({ tableName: "events", filter: [], orderBy: null, columns: ["id"] }, newExport)).toEqual({
      format: "CSV",
      query: { tableName: "events", filter: [], columns: ["id"] },
    });
  });

  it("is always one that the API accepts", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(CreateBatchExport.safeParse(request).error).toBeUndefined();
      }),
    );
  });

  it("is not made of numbers out of bounds", () => {
    const faulty: ExportDraft = { ...newExport, format: "JSON", limit: "0", split: "1.5", embedLevels: "2000" };
    expect(Object.keys(faultsOf(faulty)).sort()).toEqual(["embedLevels", "limit", "split"]);
    expect(faultsOf({ ...faulty, format: "CSV", limit: "", split: "" })).toEqual({});
  });
});
