/** Observations that say usage of themselves and of all below them together (`OtelBody.rollUp`): it counts where nothing below them has usage or cost, else it would count twice. */
import { nullableText } from "./column-text.ts";
import type { MergedObservation } from "./merge/merge-observation.ts";
import { costMap, usageMap } from "./merge/merge-observation.ts";
import type { TextMap } from "./rows.ts";

/** One observation of a trace, as far as it matters here. */
export type UsageNode = {
  id: string;
  parentId: string | null;
  /** Has usage or cost, also where that may be the usage of those below it. */
  carriesUsage: boolean;
  /** The usage is known to be its own, so that it counts whatever is below. */
  isOwnUsage?: boolean;
};

/**
 * Ids of the nodes that have a node with usage somewhere below them. A circle of parents is below itself: where nothing else below it has usage, one of its nodes keeps it
 * (own usage before rolled-up usage, then the smallest id) and the others stand above that one. So no usage is lost and none counts twice along a path, whatever the graph and
 * the order of the nodes. Every node is walked through once.
 */
export const aboveUsage = (nodes: readonly UsageNode[]): Set<string> => {
  const parents = new Map(nodes.map(({ id, parentId }) => [id, parentId]));
  const circles = circlesOf(parents);
  const inCircle = new Set(circles.flat());
  const above = new Set<string>();
  for (const { id: own, parentId, carriesUsage } of nodes) {
    if (!carriesUsage || inCircle.has(own)) continue;
    for (let id = parentId; id !== null && id !== "" && !above.has(id); id = parents.get(id) ?? null) above.add(id);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const circle of circles) {
    const carrying = circle.flatMap((id) => byId.get(id) ?? []).filter(({ carriesUsage }) => carriesUsage);
    const [keeper] = carrying.toSorted(compareKeepers);
    if (keeper !== undefined && !above.has(keeper.id)) for (const id of circle) if (id !== keeper.id) above.add(id);
  }
  return above;
};

const compareKeepers = (a: UsageNode, b: UsageNode): number =>
  Number(b.isOwnUsage === true) - Number(a.isOwnUsage === true) || (a.id < b.id ? -1 : 1);

/** The nodes that are their own ancestors, circle by circle. Each node has one parent, so circles have no node in common, and nothing is above one. */
const circlesOf = (parents: ReadonlyMap<string, string | null>): string[][] => {
  const circles: string[][] = [];
  const walked = new Set<string>();
  for (const start of parents.keys()) {
    const path: string[] = [];
    let id: string | null | undefined = start;
    for (; id !== null && id !== undefined && id !== "" && !walked.has(id); id = parents.get(id)) {
      walked.add(id);
      path.push(id);
    }
    const from = id === null || id === undefined ? -1 : path.indexOf(id);
    if (from >= 0) circles.push(path.slice(from));
  }
  return circles;
};

const isEmpty = (map: TextMap): boolean => Object.keys(map).length === 0;

export const usageNode = ({ row, otel }: MergedObservation): UsageNode => ({
  id: row.id,
  parentId: row.parent_observation_id,
  carriesUsage: otel.rollUp !== undefined || !isEmpty(row.usage_details) || !isEmpty(row.cost_details),
  isOwnUsage: otel.rollUp === undefined,
});

/** With the usage it says of itself and those below, as if it had no other: to be priced after. What other events say of it stays. */
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
