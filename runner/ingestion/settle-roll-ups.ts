/**
 * Ingestion, between merging and writing: decides which observations keep a usage that includes everything below them (rolled-up usage).
 * Observations in the batch are decided by the batch, and by the stored rows of their traces if that is not enough. Stored observations
 * that now have usage below them are read again and written with this batch.
 * Runs under the ordering keys of the traces. One query per batch, and none if no trace is known to have such observations. Memory: ids of
 * the observations of those traces.
 */
import type { IngestionEvent } from "../../core/ingestion/event.ts";
import { aboveUsage, hasCycle, hasUsage, type UsageNode, usageNode } from "../../core/ingestion/roll-up.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { loadUsageNodes } from "../../db/clickhouse/load-usage-nodes.ts";
import { type OwnedId, ownedName } from "../../db/clickhouse/stored-entities.ts";
import type { MergedEntity } from "./merge-entity.ts";

type MergedOne = MergedEntity & { kind: "observation" };

export type RollUpDeps = {
  clickhouse: Pick<ClickHouse, "queryRows">;
  /**
   * Reads the observation from its files and prices it. Returns undefined if it is gone or belongs to another trace by now, "later" if its
   * project has used up its share of this batch.
   */
  readAgain: (observation: OwnedId & { traceId: string; orderingKey: string }) => Promise<MergedOne | undefined | "later">;
  /** Reads from the files of a trace which of its observations have rolled-up usage. Returns undefined if they cannot be read. */
  readRollUps: (trace: OwnedId & { orderingKey: string }) => Promise<ReadonlySet<string> | undefined>;
  /** Writes a stored observation, at once or with others, so that not all are held in memory. */
  writeAgain: (one: MergedOne) => Promise<void>;
  /** Reads the rest of this ordering key in a later batch: its jobs are released and claimed again. */
  continueLater: (orderingKey: string) => void;
  /** Prices the observation with its rolled-up usage. */
  keepUsage: (one: MergedOne) => Promise<MergedOne>;
};

type Group = { trace: OwnedId; orderingKey: string; observations: MergedOne[]; isTraceHere: boolean; rollUpIds: Set<string> };

/** Returns the entities to write. Stored observations of their traces that change too are passed to `writeAgain`, one by one. */
export const settleRollUps = async (
  deps: RollUpDeps,
  entities: readonly MergedEntity[],
  signal: AbortSignal,
): Promise<readonly MergedEntity[]> => {
  const groups = groupsOf(entities).filter(isConcerned);
  if (groups.length === 0) return entities;
  const tracesToRead = groups.filter(needsStored).map(({ trace }) => trace);
  const stored = tracesToRead.length === 0 ? new Map<string, UsageNode[]>() : await loadUsageNodes(deps.clickhouse, tracesToRead, signal);
  const replaced = new Map<MergedEntity, MergedEntity>();
  for (const group of groups) {
    const known = stored.get(ownedName(group.trace)) ?? [];
    const { nodes, rollUpIds } = await usageOf(deps, group, known);
    const above = aboveUsage(nodes);
    for (const one of group.observations)
      if (one.merged.otel.rollUp !== undefined && !above.has(one.merged.row.id)) replaced.set(one, await deps.keepUsage(one));
    const here = new Set(group.observations.map(({ merged }) => merged.row.id));
    const isWrong = ({ id, carriesUsage }: UsageNode): boolean =>
      rollUpIds === undefined ? carriesUsage && above.has(id) : rollUpIds.has(id) && carriesUsage === above.has(id);
    for (const { id, carriesUsage } of known.filter((node) => !here.has(node.id) && isWrong(node))) {
      const again = await deps.readAgain({ projectId: group.trace.projectId, id, traceId: group.trace.id, orderingKey: group.orderingKey });
      if (again === "later") {
        deps.continueLater(group.orderingKey);
        break;
      }
      if (again?.merged.otel.rollUp === undefined) continue;
      const settled = above.has(id) ? again : await deps.keepUsage(again);
      // Usage that an SDK has sent for it stays, and rolled-up values may be none that are stored. Such a row is as it should be.
      if (hasUsage(settled.merged) !== carriesUsage) await deps.writeAgain(settled);
    }
  }
  return entities.map((one) => replaced.get(one) ?? one);
};

/**
 * Returns the observations of a trace, and the ids of those whose usage is rolled up, if they are known. They need not be, except in a cycle
 * of parents: whose usage counts there must not depend on which of them came first.
 */
const usageOf = async (
  { readRollUps }: RollUpDeps,
  { trace, orderingKey, observations, isTraceHere, ...group }: Group,
  known: readonly UsageNode[],
): Promise<{ nodes: UsageNode[]; rollUpIds: ReadonlySet<string> | undefined }> => {
  const here = new Map(observations.map(({ merged }) => [merged.row.id, usageNode(merged)]));
  const elsewhere = known.filter(({ id }) => !here.has(id));
  const nodes = [...elsewhere, ...here.values()];
  const isKnown = isTraceHere || elsewhere.length === 0;
  if (!isKnown && !hasCycle(nodes)) return { nodes, rollUpIds: undefined };
  const rollUpIds = isKnown ? group.rollUpIds : await readRollUps({ ...trace, orderingKey });
  if (rollUpIds === undefined) return { nodes, rollUpIds };
  const said = elsewhere.map((node) => {
    const isRolled = rollUpIds.has(node.id);
    return { ...node, carriesUsage: node.carriesUsage || isRolled, isOwnUsage: !isRolled };
  });
  return { nodes: [...said, ...here.values()], rollUpIds };
};

const groupsOf = (entities: readonly MergedEntity[]): Group[] => {
  const groups = new Map<string, Group>();
  const groupOf = (trace: OwnedId, orderingKey: string): Group => {
    const name = ownedName(trace);
    const group = groups.get(name) ?? { trace, orderingKey, observations: [], isTraceHere: false, rollUpIds: new Set<string>() };
    groups.set(name, group);
    return group;
  };
  for (const one of entities) {
    if (one.kind === "trace") {
      const group = groupOf({ projectId: one.row.project_id, id: one.row.id }, one.entity.orderingKey);
      group.isTraceHere = true;
      for (const id of rollUpsOf(one.entity.events)) group.rollUpIds.add(id);
    } else if (one.kind === "observation") {
      const { row } = one.merged;
      groupOf({ projectId: row.project_id, id: row.trace_id }, one.entity.orderingKey).observations.push(one);
    }
  }
  return [...groups.values()];
};

/** The ids of the observations with rolled-up usage that these events of a trace name. */
export const rollUpsOf = (events: readonly IngestionEvent[]): Set<string> =>
  new Set(events.flatMap((event) => (event.entityType === "trace" ? (event.body.rollUps ?? []) : [])));

/**
 * Spans arrive with an event of their trace that names all observations with rolled-up usage. If that event is in another batch, only the
 * stored rows tell.
 */
const isConcerned = (group: Group): boolean =>
  group.observations.some(({ merged }) => merged.otel.rollUp !== undefined) ||
  (group.observations.length > 0 && group.rollUpIds.size > 0) ||
  (!group.isTraceHere && group.observations.some(({ merged }) => merged.otel.source === "otel"));

/**
 * Returns false if the batch holds every observation with rolled-up usage and usage below each of them. That decides them, whatever is
 * stored.
 */
const needsStored = ({ observations, isTraceHere, rollUpIds }: Group): boolean => {
  const here = observations.filter(({ merged }) => merged.otel.rollUp !== undefined).map(({ merged }) => merged.row.id);
  const above = aboveUsage(observations.map(({ merged }) => usageNode(merged)));
  return !isTraceHere || !here.every((id) => above.has(id)) || ![...rollUpIds].every((id) => here.includes(id));
};
