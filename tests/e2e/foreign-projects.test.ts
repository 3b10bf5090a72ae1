import { beforeAll, describe, expect, it } from "vitest";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { accepted, authorization, call, ingest, json, newProject, post, rows, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

let foreign: ProjectKey;
beforeAll(async () => {
  foreign = await newProject("foreign");
});

const asForeign = () => ({ authorization: authorization(foreign) });
/** What the other project reads. */
const foreignJson = async (path: string): Promise<Record<string, unknown>> => {
  const response = await call(path, {}, asForeign());
  return { status: response.status, ...((await response.json()) as object) };
};
/** Rows of every table that belong to the other project, and everything that is stored under its name. */
const foreignTraces = async (): Promise<unknown[]> => {
  const found = await rows<{ id: string }>(
    `SELECT id FROM traces WHERE project_id = '${foreign.projectId}' UNION ALL SELECT id FROM observations WHERE project_id = '${foreign.projectId}'
      UNION ALL SELECT id FROM scores WHERE project_id = '${foreign.projectId}' UNION ALL SELECT span_id FROM events WHERE project_id = '${foreign.projectId}'`,
  );
  return found.map(({ id }) => id);
};

describe("the id of another project", () => {
  it("in bodies, envelopes and the batch changes nothing: the key alone decides", async () => {
    const trace = unique("trace");
    const { projectId } = foreign;
    const named = { projectId, project_id: projectId, project: { id: projectId } };
    const events = [
      event("trace-create", { id: trace, name: "mine", ...named, metadata: { projectId } }),
      event("span-create", { id: unique("o"), traceId: trace, ...named }),
      event("score-create", { id: unique("s"), traceId: trace, name: "n", value: 1, ...named }),
    ].map((one) => ({ ...one, ...named }));
    const response = await post(JSON.stringify({ batch: events, metadata: { public_key: foreign.publicKey, ...named }, ...named }), {
      "x-langfuse-public-key": foreign.publicKey,
      "x-langfuse-project-id": projectId,
    });
    expect(response.status).toBe(207);
    expect(((await response.json()) as { errors: unknown[] }).errors).toEqual([]);
    await settled();
    expect(await json(`traces/${trace}`)).toMatchObject({ projectId: stack().projectId, metadata: { projectId } });
    expect(await foreignJson(`traces/${trace}`)).toMatchObject({ status: 404 });
    expect(await foreignTraces()).toEqual([]);
  });

  it("in ids that look like paths leads nowhere", async () => {
    const { projectId } = foreign;
    const ids = [
      `../../${projectId}/trace/x`,
      `/${projectId}/trace/x`,
      `..%2f..%2f${projectId}%2ftrace%2fx`,
      `..\\${projectId}\\x`,
      "..",
      ".",
    ];
    const events = ids.flatMap((id) => [
      event("trace-create", { id, name: "mine" }),
      { ...event("span-create", { id, traceId: id }), id: `${id}/event` },
    ]);
    await accepted(events);
    await settled();
    const prefix = await rows<{ path: string }>(
      `SELECT DISTINCT blob_storage_file_path AS path FROM events FINAL WHERE blob_storage_file_path != ''`,
    );
    for (const { path } of prefix) expect(path).not.toMatch(new RegExp(`(^|/)${projectId}/|/\\.\\.?/`));
    const { data } = await json<{ data: { id: string; name: string; projectId: string }[] }>("traces?limit=100");
    for (const id of ids) expect(data.find((trace) => trace.id === id)).toMatchObject({ name: "mine", projectId: stack().projectId });
    expect(await foreignTraces()).toEqual([]);
  });

  it("in attributes of an OTLP resource, scope or span changes nothing either", async () => {
    const traceId = "c".repeat(32);
    const attributes = ["project_id", "projectId", "langfuse.project.id", "langfuse.project_id", "langfuse.public_key"].map((key) => ({
      key,
      value: { stringValue: foreign.projectId },
    }));
    const span = { traceId, spanId: "d".repeat(16), name: "mine", startTimeUnixNano: "1777636800000000000", attributes };
    const body = { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: "s", attributes }, spans: [span] }] }] };
    const response = await post(JSON.stringify(body), { "x-langfuse-public-key": foreign.publicKey }, "otel/v1/traces");
    expect([response.status, await response.json()]).toEqual([200, {}]);
    await settled();
    expect(await json(`traces/${traceId}`)).toMatchObject({
      projectId: stack().projectId,
      metadata: { resourceAttributes: { project_id: foreign.projectId } },
    });
    expect(await foreignJson(`traces/${traceId}`)).toMatchObject({ status: 404 });
    expect(await foreignTraces()).toEqual([]);
  });

  it("in a path or query reads and deletes nothing of that project", async () => {
    const [trace, observation, score] = [unique("trace"), unique("o"), unique("s")];
    const events = [
      event("trace-create", { id: trace, name: "theirs", sessionId: "theirs" }),
      event("span-create", { id: observation, traceId: trace }),
      event("score-create", { id: score, traceId: trace, name: "n", value: 1 }),
    ];
    expect((await ingest(events, asForeign())).errors).toEqual([]);
    await settled();
    const paths = [`traces/${trace}`, `observations/${observation}`, `scores/${score}`, `v2/scores/${score}`, "sessions/theirs"];
    for (const path of paths) {
      expect((await call(path)).status).toBe(404);
      expect(await foreignJson(path)).toMatchObject({ status: 200, projectId: foreign.projectId });
    }
    for (const path of ["ingestion", "otel/v1/traces", "traces"])
      expect((await call(`projects/${foreign.projectId}/${path}`, { method: "POST", body: "{}" })).status).toBe(404);
    const listed = await json<{ data: { projectId: string }[] }>(`traces?projectId=${foreign.projectId}&limit=100`);
    expect(listed.data.every(({ projectId }) => projectId === stack().projectId)).toBe(true);
    expect((await call(`traces/${trace}`, { method: "DELETE" })).status).toBeLessThan(500);
    expect((await call("traces", { method: "DELETE", body: JSON.stringify({ traceIds: [trace] }) })).status).toBeLessThan(500);
    await settled();
    expect(await foreignJson(`traces/${trace}`)).toMatchObject({ name: "theirs" });
  });

  it("does not mix what has the same id in both", async () => {
    const trace = unique("trace");
    await accepted([event("trace-create", { id: trace, name: "mine", tags: ["a"] })]);
    const theirs = await ingest([event("trace-create", { id: trace, name: "theirs", tags: ["b"] }, 5)], asForeign());
    expect(theirs.errors).toEqual([]);
    await settled();
    expect(await json(`traces/${trace}`)).toMatchObject({ name: "mine", tags: ["a"] });
    expect(await foreignJson(`traces/${trace}`)).toMatchObject({ name: "theirs", tags: ["b"] });
  });
});
