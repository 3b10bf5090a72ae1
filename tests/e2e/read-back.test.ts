/** Traces, observations, scores and sessions are read back field for field. */
import { beforeAll, describe, expect, it } from "vitest";
import { Observation } from "../../api/routes/observations/resource.ts";
import { Score, ScoreOnPage, ScoreV1, ScoreV1OnPage } from "../../api/routes/scores/resource.ts";
import { Session, SessionWithTraces } from "../../api/routes/sessions/resource.ts";
import { TraceWithDetails, TraceWithFullDetails } from "../../api/routes/traces/resource.ts";
import { useReadBack } from "../support/read-back.ts";
import { at, baseMs, dayMs, iso, type Key, observationRow, scoreRow, traceRow } from "../support/stored-rows.ts";
import { unsaidOfObservation } from "../support/unsaid-of-observation.ts";

const { newProject, get, page, insert } = useReadBack();

describe("shapes", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    await insert("traces", [
      traceRow(key, "full", {
        timestamp: at(baseMs + 7),
        name: "checkout",
        user_id: "u",
        session_id: "s",
        release: "r1",
        version: "v1",
        environment: "prod",
        tags: ["b", "a"],
        public: true,
        bookmarked: true,
        input: '{"question": "why?"}',
        output: "because",
        metadata: { plan: "pro", seats: "3", nested: '{"a":[1]}', empty: "" },
      }),
      traceRow(key, "bare", { name: "", timestamp: at(baseMs + dayMs) }),
    ]);
    await insert("observations", [
      observationRow(key, "o2", { trace_id: "full", start_time: at(baseMs + 10), end_time: at(baseMs + 20) }),
      observationRow(key, "o1", {
        trace_id: "full",
        environment: "prod",
        type: "GENERATION",
        parent_observation_id: "o2",
        start_time: at(baseMs + 9),
        end_time: at(baseMs + 1243),
        completion_start_time: at(baseMs + 509),
        name: "answer",
        metadata: { k: "[1,2]" },
        level: "WARNING",
        status_message: "slow",
        version: "v2",
        input: '[{"role":"user"}]',
        output: '"text"',
        provided_model_name: "gpt-4o",
        internal_model_id: "m1",
        model_parameters: '{"temperature":0.5}',
        usage_details: { input: 10, input_cached: 5, output: 3, total: 18 },
        cost_details: { input: "0.000250000001", output: "0.0005", total: "0.000750000001" },
        prompt_id: "p",
        prompt_name: "prompt",
        prompt_version: 4,
        usage_pricing_tier_id: "tier",
        usage_pricing_tier_name: "Standard",
      }),
    ]);
    await insert("scores", [
      scoreRow(key, "s2", {
        trace_id: "full",
        observation_id: "o1",
        timestamp: at(baseMs + 2),
        data_type: "BOOLEAN",
        value: 1,
        string_value: "True",
      }),
      scoreRow(key, "s1", {
        trace_id: "full",
        timestamp: at(baseMs + 1),
        environment: "prod",
        source: "ANNOTATION",
        comment: "well",
        metadata: { by: '"me"' },
        author_user_id: "author",
        config_id: "config",
        queue_id: "queue",
      }),
      scoreRow(key, "correction", {
        trace_id: "full",
        timestamp: at(baseMs + 6),
        data_type: "CORRECTION",
        value: 0,
        long_string_value: "right",
      }),
      scoreRow(key, "text", { trace_id: "full", timestamp: at(baseMs + 3), data_type: "TEXT", value: 0, long_string_value: "a long text" }),
      scoreRow(key, "session", {
        trace_id: null,
        session_id: "s",
        timestamp: at(baseMs + 4),
        data_type: "CATEGORICAL",
        value: 2,
        string_value: "calm",
      }),
      scoreRow(key, "run", { trace_id: null, dataset_run_id: "run-1", timestamp: at(baseMs + 5) }),
    ]);
  });

  const full = () => ({
    id: "full",
    projectId: key.projectId,
    externalId: null,
    timestamp: iso(7),
    name: "checkout",
    environment: "prod",
    userId: "u",
    sessionId: "s",
    release: "r1",
    version: "v1",
    tags: ["b", "a"],
    public: true,
    bookmarked: true,
    input: { question: "why?" },
    output: "because",
    metadata: { plan: "pro", seats: 3, nested: { a: [1] }, empty: "" },
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const metrics = () => ({ latency: 1.234, totalCost: 0.000750000001, htmlPath: `/project/${key.projectId}/traces/full` });
  const o1 = () => ({
    id: "o1",
    projectId: key.projectId,
    traceId: "full",
    parentObservationId: "o2",
    type: "GENERATION",
    name: "answer",
    environment: "prod",
    startTime: iso(9),
    endTime: iso(1243),
    completionStartTime: iso(509),
    level: "WARNING",
    statusMessage: "slow",
    version: "v2",
    input: [{ role: "user" }],
    output: "text",
    metadata: { k: [1, 2] },
    model: "gpt-4o",
    modelId: "m1",
    modelParameters: { temperature: 0.5 },
    promptId: "p",
    promptName: "prompt",
    promptVersion: 4,
    usageDetails: { input: 10, input_cached: 5, output: 3, total: 18 },
    costDetails: { input: 0.000250000001, output: 0.0005, total: 0.000750000001 },
    usagePricingTierId: "tier",
    usagePricingTierName: "Standard",
    inputPrice: null,
    outputPrice: null,
    totalPrice: null,
    calculatedInputCost: 0.000250000001,
    calculatedOutputCost: 0.0005,
    calculatedTotalCost: 0.000750000001,
    usage: { unit: "TOKENS", input: 15, output: 3, total: 18 },
    unit: "TOKENS",
    promptTokens: 15,
    completionTokens: 3,
    totalTokens: 18,
    latency: 1.234,
    timeToFirstToken: 0.5,
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const o2 = () => ({
    ...unsaidOfObservation,
    id: "o2",
    projectId: key.projectId,
    traceId: "full",
    parentObservationId: null,
    type: "SPAN",
    name: "observation",
    environment: "default",
    startTime: iso(10),
    endTime: iso(20),
    version: null,
    latency: 0.01,
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const s1 = () => ({
    id: "s1",
    projectId: key.projectId,
    traceId: "full",
    observationId: null,
    timestamp: iso(1),
    name: "quality",
    source: "ANNOTATION",
    dataType: "NUMERIC",
    value: 0.5,
    stringValue: null,
    comment: "well",
    metadata: { by: "me" },
    environment: "prod",
    authorUserId: "author",
    configId: "config",
    queueId: "queue",
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const s2 = () => ({
    ...s1(),
    id: "s2",
    observationId: "o1",
    timestamp: iso(2),
    source: "API",
    dataType: "BOOLEAN",
    value: 1,
    stringValue: "True",
    comment: null,
    metadata: {},
    environment: "default",
    authorUserId: null,
    configId: null,
    queueId: null,
  });
  const text = () => ({
    ...s2(),
    id: "text",
    observationId: null,
    timestamp: iso(3),
    dataType: "TEXT",
    value: 0,
    stringValue: "a long text",
  });
  const ofFull = { userId: "u", tags: ["b", "a"], environment: "prod", sessionId: "s" };

  it("a page of traces has the ids of what belongs to each, and metrics", async () => {
    const { data, meta } = await page(key, "traces");
    expect(meta).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    expect(data[1]).toEqual({ ...full(), ...metrics(), observations: ["o1", "o2"], scores: ["s1", "s2", "text", "correction"] });
    expect(data[0]).toEqual({
      ...full(),
      id: "bare",
      timestamp: iso(dayMs),
      name: null,
      environment: "default",
      userId: null,
      sessionId: null,
      release: null,
      version: null,
      tags: [],
      public: false,
      bookmarked: false,
      input: null,
      output: null,
      metadata: {},
      latency: 0,
      totalCost: 0,
      htmlPath: `/project/${key.projectId}/traces/bare`,
      observations: [],
      scores: [],
    });
    for (const trace of data) TraceWithDetails.parse(trace);
  });

  it("a trace alone has its observations and scores in the order of their time", async () => {
    const { status, json, headers } = await get(key, "traces/full");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(json).toEqual({ ...full(), ...metrics(), observations: [o1(), o2()], scores: [s1(), s2(), text()] });
    TraceWithFullDetails.parse(json);
    const bare = await get(key, "traces/bare");
    expect(bare.json).toMatchObject({ id: "bare", observations: [], scores: [], latency: 0, totalCost: 0 });
  });

  it("groups of fields that are not asked for are left out", async () => {
    const { data } = await page(key, "traces", { fields: "core, scores" });
    const { input: _input, output: _output, metadata: _metadata, ...core } = full();
    const { htmlPath } = metrics();
    expect(data[1]).toEqual({
      ...core,
      htmlPath,
      latency: -1,
      totalCost: -1,
      observations: [],
      scores: ["s1", "s2", "text", "correction"],
    });
    const { json } = await get(key, "traces/full", { fields: "observations" });
    expect(json).toEqual({ ...core, htmlPath, latency: -1, totalCost: -1, observations: [o1(), o2()], scores: [] });
    const { json: scored } = await get(key, "traces/full", { fields: "scores,metrics" });
    expect(scored).toEqual({ ...core, ...metrics(), observations: [], scores: [s1(), s2(), text()] });
  });

  it("observations, on a page and alone", async () => {
    const { data } = await page(key, "observations");
    expect(data).toEqual([o2(), o1()]);
    for (const observation of data) Observation.parse(observation);
    expect((await get(key, "observations/o1")).json).toEqual(o1());
  });

  it("scores: version 1 knows those of traces and observations but no corrections, version 2 all", async () => {
    const first = await page(key, "scores");
    expect(first.data).toEqual([
      { ...text(), trace: ofFull },
      { ...s2(), trace: ofFull },
      { ...s1(), trace: ofFull },
    ]);
    for (const score of first.data) ScoreV1OnPage.parse(score);
    const second = await page(key, "v2/scores");
    const more = { sessionId: null, datasetRunId: null };
    expect(second.data).toEqual([
      { ...text(), ...more, id: "correction", timestamp: iso(6), dataType: "CORRECTION", stringValue: "right", trace: ofFull },
      {
        ...s2(),
        ...more,
        id: "run",
        traceId: null,
        observationId: null,
        datasetRunId: "run-1",
        timestamp: iso(5),
        dataType: "NUMERIC",
        value: 0.5,
        stringValue: null,
        trace: null,
      },
      {
        ...s2(),
        ...more,
        id: "session",
        traceId: null,
        observationId: null,
        sessionId: "s",
        timestamp: iso(4),
        dataType: "CATEGORICAL",
        value: 2,
        stringValue: "calm",
        trace: null,
      },
      {
        ...text(),
        ...more,
        trace: ofFull,
      },
      { ...s2(), ...more, trace: ofFull },
      { ...s1(), ...more, trace: ofFull },
    ]);
    for (const score of second.data) ScoreOnPage.parse(score);
    const bare = await page(key, "v2/scores", { fields: "score", scoreIds: "s1" });
    expect(bare.data).toEqual([{ ...s1(), ...more }]);
    const { json } = await get(key, "scores/s1");
    expect(json).toEqual(s1());
    ScoreV1.parse(json);
    const { json: session } = await get(key, "v2/scores/session");
    expect(session).toMatchObject({ id: "session", sessionId: "s", traceId: null, stringValue: "calm" });
    Score.parse(session);
    expect((await get(key, "scores/session")).status).toBe(404);
    expect((await get(key, "scores/correction")).status).toBe(404);
    expect((await get(key, "scores/text")).json).toEqual(text());
  });

  it("sessions, on a page and with their traces", async () => {
    const { data } = await page(key, "sessions");
    const session = { id: "s", projectId: key.projectId, createdAt: iso(7), environment: "prod" };
    expect(data).toEqual([session]);
    for (const one of data) Session.parse(one);
    const { json } = await get(key, "sessions/s");
    expect(json).toEqual({ ...session, traces: [full()] });
    SessionWithTraces.parse(json);
  });
});
