/**
 * Ingestion, between merging and writing: which observations keep the usage they say of themselves and all below them. Those in the batch are decided by the batch and, where
 * that does not tell, by what is stored of their traces; those stored with usage that now has some below it are read again and written with this batch.
 * Runs under the ordering keys of the traces. One query a batch, and none where no trace is known to have such observations. Memory: ids of the observations of those traces.
 */
import type { TraceEvent } from "../../core/ingestion/event.ts";
import { aboveUsage, type UsageNode, usageNode } from "../../core/ingestion/roll-up.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { loadUsageNodes } from "../../db/clickhouse/load-usage-nodes.ts";
import { type OwnedId, ownedName } from "../../db/clickhouse/stored-entities.ts";
import type { MergedEntity } from "./merge-entity.ts";

type MergedOne = MergedEntity & { kind: "observation" };

export type RollUpDeps = {
  clickhouse: Pick<ClickHouse, "queryRows">;
  /** The observation as its files say, priced; undefined where it is not to be written: gone, or of another trace by now. "later" where its project has had its share of this batch. */
  readAgain: (observation: OwnedId & { traceId: string; orderingKey: string }) => Promise<MergedOne | undefined | "later">;
  /** To be written without its usage: at once or with others, so that not all are held. */
  takeOff: (one: MergedOne) => Promise<void>;
  /** Some of what has the ordering key has to be read again in a later batch, which brings its jobs once more. */
  continueLater: (orderingKey: string) => void;
  /** With its rolled-up usage, priced. */
  keepUsage: (one: MergedOne) => Promise<MergedOne>;
};

type Group = { trace: OwnedId; orderingKey: string; observations: MergedOne[]; isTraceHere: boolean; rollUpIds: Set<string> };

/** The entities to write. Those of their traces that change with them go to `takeOff`, one by one. */
export const settleRollUps = async (
  deps: RollUpDeps,
  entities: readonly MergedEntity[],
  signal: AbortSignal,
): Promise<readonly MergedEntity[]> => {
  const groups = groupsOf(entities).filter(isConcerned);
  if (groups.length === 0) return entities;
  const asked = groups.filter(needsStored).map(({ trace }) => trace);
  const stored = asked.length === 0 ? new Map<string, UsageNode[]>() : await loadUsageNodes(deps.clickhouse, asked, signal);
  const replaced = new Map<MergedEntity, MergedEntity>();
  for (const group of groups) {
    const known = stored.get(ownedName(group.trace)) ?? [];
    const here = new Set(group.observations.map(({ merged }) => merged.row.id));
    const elsewhere = known
      .filter(({ id }) => !here.has(id))
      .map((node): UsageNode => ({ ...node, isOwnUsage: group.isTraceHere && !group.rollUpIds.has(node.id) }));
    const above = aboveUsage([...elsewhere, ...group.observations.map(({ merged }) => usageNode(merged))]);
    for (const one of group.observations)
      if (one.merged.otel.rollUp !== undefined && !above.has(one.merged.row.id)) replaced.set(one, await deps.keepUsage(one));
    const mayBeRollUp = (id: string): boolean => !group.isTraceHere || group.rollUpIds.has(id);
    for (const { id } of known.filter((node) => node.carriesUsage && !here.has(node.id) && above.has(node.id) && mayBeRollUp(node.id))) {
      const again = await deps.readAgain({ projectId: group.trace.projectId, id, traceId: group.trace.id, orderingKey: group.orderingKey });
      if (again === "later") {
        deps.continueLater(group.orderingKey);
        break;
      }
      if (again?.merged.otel.rollUp !== undefined) await deps.takeOff(again);
    }
  }
  return entities.map((one) => replaced.get(one) ?? one);
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
      for (const event of one.entity.events) if (isTrace(event)) for (const id of event.body.rollUps ?? []) group.rollUpIds.add(id);
    } else if (one.kind === "observation") {
      const { row } = one.merged;
      groupOf({ projectId: row.project_id, id: row.trace_id }, one.entity.orderingKey).observations.push(one);
    }
  }
  return [...groups.values()];
};

const isTrace = (event: MergedEntity["entity"]["events"][number]): event is TraceEvent => event.entityType === "trace";

/** Spans come with an event of their trace, which names all that roll up. Where it is in another batch nothing is known, and what is stored has to be asked. */
const isConcerned = (group: Group): boolean =>
  group.observations.some(({ merged }) => merged.otel.rollUp !== undefined) ||
  (group.observations.length > 0 && group.rollUpIds.size > 0) ||
  (!group.isTraceHere && group.observations.some(({ merged }) => merged.otel.source === "otel"));

/** Not where the batch holds all that roll up and usage below each: that decides them, whatever is stored. */
const needsStored = ({ observations, isTraceHere, rollUpIds }: Group): boolean => {
  const here = observations.filter(({ merged }) => merged.otel.rollUp !== undefined).map(({ merged }) => merged.row.id);
  const above = aboveUsage(observations.map(({ merged }) => usageNode(merged)));
  return !isTraceHere || !here.every((id) => above.has(id)) || ![...rollUpIds].every((id) => here.includes(id));
};
