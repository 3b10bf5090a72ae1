/**
 * Rolled-up usage (`OtelBody.rollUp`): usage that an observation reports for itself and everything below it. It counts only if nothing
 * below has usage or cost; otherwise it would count twice.
 */
import { nullableText } from "./column-text.ts";
import type { MergedObservation } from "./merge/merge-observation.ts";
import { costMap, usageMap } from "./merge/merge-observation.ts";
import type { TextMap } from "./rows.ts";

/** The parts of an observation that decide about rolled-up usage. */
export type UsageNode = {
  id: string;
  parentId: string | null;
  /** True if it has usage or cost, even if that may repeat those below it. */
  carriesUsage: boolean;
  /** True if the usage is known to be its own, so that it counts whatever is below. */
  isOwnUsage?: boolean;
};

/**
 * Returns the ids of nodes that have a node with usage below them. In a cycle of parents each node is below itself: if nothing else below
 * the cycle has usage, one of its nodes keeps it (own usage before rolled-up usage, then the smallest id) and the others count as above it.
 * So no usage is lost and none counts twice along a path, whatever the graph and the order of nodes. Visits every node once.
 */
export const aboveUsage = (nodes: readonly UsageNode[]): Set<string> => {
  const parents = new Map(nodes.map(({ id, parentId }) => [id, parentId]));
  const cycles = cyclesOf(parents);
  const inCycle = new Set(cycles.flat());
  const above = new Set<string>();
  for (const { id: own, parentId, carriesUsage } of nodes) {
    if (!carriesUsage || inCycle.has(own)) continue;
    for (let id = parentId; id !== null && id !== "" && !above.has(id); id = parents.get(id) ?? null) above.add(id);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const cycle of cycles) {
    const [keeper] = carriersOf(cycle, byId).toSorted(compareKeepers);
    if (keeper !== undefined && !above.has(keeper.id)) for (const id of cycle) if (id !== keeper.id) above.add(id);
  }
  return above;
};

/** Returns true if parents form a cycle of several nodes. Only there it matters whose usage is rolled up (`isOwnUsage`). */
export const hasCycle = (nodes: readonly UsageNode[]): boolean =>
  cyclesOf(new Map(nodes.map(({ id, parentId }) => [id, parentId]))).some((cycle) => cycle.length > 1);

const carriersOf = (cycle: readonly string[], byId: ReadonlyMap<string, UsageNode>): UsageNode[] =>
  cycle.flatMap((id) => byId.get(id) ?? []).filter(({ carriesUsage }) => carriesUsage);

const compareKeepers = (a: UsageNode, b: UsageNode): number =>
  Number(b.isOwnUsage === true) - Number(a.isOwnUsage === true) || (a.id < b.id ? -1 : 1);

/**
 * Returns the nodes that are their own ancestors, cycle by cycle. Each node has one parent, so cycles share no node, and no node is above a
 * cycle.
 */
const cyclesOf = (parents: ReadonlyMap<string, string | null>): string[][] => {
  const cycles: string[][] = [];
  const walked = new Set<string>();
  for (const start of parents.keys()) {
    const path: string[] = [];
    let id: string | null | undefined = start;
    for (; id !== null && id !== undefined && id !== "" && !walked.has(id); id = parents.get(id)) {
      walked.add(id);
      path.push(id);
    }
    const from = id === null || id === undefined ? -1 : path.indexOf(id);
    if (from >= 0) cycles.push(path.slice(from));
  }
  return cycles;
};

const isEmpty = (map: TextMap): boolean => Object.keys(map).length === 0;

export const hasUsage = ({ row }: MergedObservation): boolean => !isEmpty(row.usage_details) || !isEmpty(row.cost_details);

export const usageNode = (merged: MergedObservation): UsageNode => ({
  id: merged.row.id,
  parentId: merged.row.parent_observation_id,
  carriesUsage: merged.otel.rollUp !== undefined || hasUsage(merged),
  isOwnUsage: merged.otel.rollUp === undefined,
});

/** Replaces missing usage by the rolled-up usage, to be priced afterwards. Usage reported by other events stays. */
export const withRolledUsage = (merged: MergedObservation): MergedObservation => {
  const { row, otel } = merged;
  const { rollUp } = otel;
  if (rollUp === undefined || !isEmpty(row.provided_usage_details) || !isEmpty(row.provided_cost_details)) return merged;
  const usage = usageMap(rollUp.usageDetails);
  const costs = costMap(rollUp.costDetails);
  return {
    ...merged,
    otel: { ...otel, ...(rollUp.requestModel === undefined ? {} : { requestModel: rollUp.requestModel }) },
    row: {
      ...row,
      provided_model_name: row.provided_model_name ?? nullableText(rollUp.model),
      provided_usage_details: usage,
      usage_details: usage,
      provided_cost_details: costs,
      cost_details: costs,
      total_cost: costs["total"] ?? null,
    },
  };
};
