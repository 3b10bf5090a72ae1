/** Content of roots is read in portions: what is held at once is bounded, whatever was sent. The store behind its port is a function. */
import { expect, it } from "vitest";
import type { TraceEvent } from "../../../core/ingestion/event.ts";
import { createProjectBudget, portionCharactersMax } from "../../../runner/ingestion/project-budget.ts";
import { eventsByName, type RootDeps, readRootPortion } from "../../../runner/ingestion/read-root-content.ts";
import type { Entity } from "../../../runner/ingestion/read-slice.ts";
import { createTurns } from "../../../runner/turns.ts";

const fileCharacters = 4_000_000;
const text = JSON.stringify([]).padEnd(fileCharacters, " ");
const underWay = 8;

const traceOf = (index: number, projectId = "p"): Entity => {
  const candidate = { spanId: `s${index}`, observationId: `s${index}`, marker: "none", name: "n", environment: "default" };
  const body = { id: `t${index}`, otel: { spanIds: `s${index}`, candidate } };
  const event = { id: `e${index}`, entityType: "trace", entityId: `t${index}`, timestamp: "2026-11-22T12:00:00.000Z", order: "", body };
  return { projectId, entityType: "trace", entityId: `t${index}`, events: [event as unknown as TraceEvent] } as unknown as Entity;
};

const depsOf = (): RootDeps & { read: () => number } => {
  let read = 0;
  const signal = new AbortController().signal;
  return {
    read: () => read,
    s3: {
      bucket: "b",
      send: () => {
        read += text.length;
        return Promise.resolve({ status: 200, headers: new Headers(), text } as never);
      },
    },
    prefix: "",
    segmentBytesMax: 400,
    sha256Hex: (given) => given,
    log: () => {},
    signal,
    turns: createTurns(signal),
    budget: createProjectBudget(1),
    begunProjects: new Set(),
    listLogged: () => Promise.resolve(() => ({ files: [], isComplete: true })),
    requests: { open: () => Promise.resolve(undefined), eventsOf: () => Promise.resolve(undefined), forget: () => {} },
  };
};

it("no portion holds more than its bound and what is under way, and a project that has had its share waits for another batch", async () => {
  const deps = depsOf();
  let rest: Entity[] = Array.from({ length: 500 }, (_, index) => traceOf(index));
  const beside = eventsByName(rest);
  const done: Entity[] = [];
  const deferred: Entity[] = [];
  while (rest.length > 0) {
    const before = deps.read();
    const portion = await readRootPortion(deps, rest, beside);
    expect(deps.read() - before).toBeLessThanOrEqual(portionCharactersMax + underWay * fileCharacters);
    done.push(...portion.entities);
    deferred.push(...portion.deferred);
    rest = portion.rest;
  }
  expect(done.length).toBeGreaterThan(0);
  expect(done.length + deferred.length).toBe(500);
  expect(deps.read()).toBeLessThanOrEqual(64_000_000 + underWay * fileCharacters);
});

it("a project whose share is spent by its slice still gets one root in each batch", async () => {
  const deps = depsOf();
  deps.budget.spend("p", { characters: 100_000_000 });
  const entities = [traceOf(0), traceOf(1), traceOf(2)];
  const portion = await readRootPortion(deps, entities, eventsByName(entities));
  expect(portion.entities.map(({ entityId }) => entityId)).toEqual(["t0"]);
  expect(portion.deferred).toHaveLength(2);
});
