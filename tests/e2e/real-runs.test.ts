import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import type { Stack } from "../../local/stack.ts";
import { startTestStack } from "../support/start-test-stack.ts";
import { untilIngested } from "../support/until-ingested.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

/** Real runs of a customer-service agent; beside this checkout, and not part of it. */
const dataFile = fileURLToPath(new URL("../../../shared/data/tau-bench-airline.json.gz", import.meta.url));

type Message = {
  role: string;
  content: string | null;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  name?: string;
  tool_call_id?: string;
};
type Run = {
  task_id: number;
  trial: number;
  reward: number;
  info: { task: { user_id: string; instruction: string; actions: object[] }; reward_info?: { info?: { r_actions?: number } } };
  traj: Message[];
};

let stack: Stack;
let open: OpenDatabase;

describe.skipIf(!existsSync(dataFile))("200 real runs through the API", () => {
  const runs = existsSync(dataFile) ? (JSON.parse(gunzipSync(readFileSync(dataFile)).toString("utf8")) as Run[]) : [];
  beforeAll(async () => {
    stack = await startTestStack();
    open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
  });
  afterAll(async () => {
    await open.close();
    await stack.stop();
  });

  const headers = () => ({ authorization: `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}`, "content-type": "application/json" });
  /** Times are not in the data: derived from task, trial and message. */
  const timeOf = ({ task_id, trial }: Run, index: number) =>
    new Date(Date.UTC(2026, 5, 1 + task_id, 8 + trial) + index * 1500).toISOString();

  const eventsOf = (run: Run): object[] => {
    const trace = `tau-${run.task_id}-${run.trial}`;
    const make = (type: string, index: number, body: object) => ({
      id: `${trace}-${type}-${index}`,
      timestamp: timeOf(run, index),
      type,
      body,
    });
    return [
      make("trace-create", 0, {
        id: trace,
        timestamp: timeOf(run, 0),
        name: "airline agent",
        userId: run.info.task.user_id,
        sessionId: `task-${run.task_id}`,
        tags: ["airline", `trial-${run.trial}`],
        input: run.info.task.instruction,
        metadata: { actions: run.info.task.actions },
      }),
      ...run.traj.flatMap((message, index) =>
        message.role === "assistant"
          ? [
              make("generation-create", index, {
                id: `${trace}-${index}`,
                traceId: trace,
                name: "assistant",
                startTime: timeOf(run, index),
                endTime: timeOf(run, index + 1),
                model: "gpt-4o",
                input: run.traj.slice(Math.max(0, index - 3), index),
                output: message,
              }),
            ]
          : message.role === "tool"
            ? [
                make("tool-create", index, {
                  id: `${trace}-${index}`,
                  traceId: trace,
                  name: message.name ?? "tool",
                  startTime: timeOf(run, index),
                  endTime: timeOf(run, index),
                  output: message.content,
                }),
              ]
            : [],
      ),
      make("score-create", 1000, { id: `${trace}-reward`, traceId: trace, name: "reward", value: run.reward }),
      make("score-create", 1001, {
        id: `${trace}-solved`,
        traceId: trace,
        name: "solved",
        value: run.reward === 1 ? 1 : 0,
        dataType: "BOOLEAN",
      }),
    ];
  };

  const exported = async (tableName: string): Promise<Record<string, unknown>[]> => {
    const created = (await (
      await fetch(`${stack.apiUrl}/api/public/batch-exports`, {
        method: "POST",
        headers: headers(),
        body: JSON.stringify({ format: "JSONL", query: { tableName, filter: [] } }),
      })
    ).json()) as { id: string };
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const now = (await (await fetch(`${stack.apiUrl}/api/public/batch-exports/${created.id}`, { headers: headers() })).json()) as {
        status: string;
      };
      if (now.status === "COMPLETED")
        return (await (await fetch(`${stack.apiUrl}/api/public/batch-exports/${created.id}/download`, { headers: headers() })).text())
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the export did not end in 60 s");
  };

  it("all traces, observations and scores arrive; exported events carry user, session, tags and trace name on every row", async () => {
    // Out of order on purpose: the last half of each run comes before its first.
    const events = runs.flatMap((run) => {
      const all = eventsOf(run);
      return [...all.slice(all.length / 2), ...all.slice(0, all.length / 2)];
    });
    const batches: object[][] = [];
    for (let at = 0; at < events.length; at += 150) batches.push(events.slice(at, at + 150));
    let next = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
          const response = await fetch(`${stack.apiUrl}/api/public/ingestion`, {
            method: "POST",
            headers: headers(),
            body: JSON.stringify({ batch }),
          });
          const answer = (await response.json()) as { successes: object[]; errors: object[] };
          expect([response.status, answer.errors]).toEqual([207, []]);
        }
      }),
    );
    await untilIngested(open.db);
    const expected = new Map<string, { run: Run; message: Message }>(
      runs.flatMap((run) =>
        run.traj.flatMap((message, index) =>
          message.role === "assistant" || message.role === "tool"
            ? [[`tau-${run.task_id}-${run.trial}-${index}`, { run, message }] as const]
            : [],
        ),
      ),
    );
    const rows = await exported("events");
    expect(rows.length).toBe(expected.size);
    for (const row of rows) {
      const source = expected.get(String(row["id"]));
      if (source === undefined) throw new Error(`an id nobody sent: ${String(row["id"])}`);
      const { run, message } = source;
      expect(row).toMatchObject({
        traceName: "airline agent",
        userId: run.info.task.user_id,
        sessionId: `task-${run.task_id}`,
        tags: ["airline", `trial-${run.trial}`],
        type: message.role === "tool" ? "TOOL" : "GENERATION",
        reward: [run.reward],
        solved: [run.reward === 1 ? 1 : 0],
      });
      // JSON in a text is embedded as JSON: what a tool has answered may be one.
      const output = row["output"];
      if (message.role === "tool")
        expect(typeof output === "string" ? output : JSON.parse(message.content ?? "")).toEqual(
          typeof output === "string" ? message.content : output,
        );
      else expect(output).toEqual(message);
    }
    const traces = await exported("traces");
    expect(traces.length).toBe(200);
    expect((await exported("scores")).length).toBe(400);
    expect((await exported("observations")).length).toBe(expected.size);
  });
});
