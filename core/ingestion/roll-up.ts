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
};

/** Ids of the nodes that have a node with usage somewhere below them. Every node is walked through once; a circle ends where it began. */
export const aboveUsage = (nodes: readonly UsageNode[]): Set<string> => {
  const parents = new Map(nodes.map(({ id, parentId }) => [id, parentId]));
  const above = new Set<string>();
  for (const { parentId, carriesUsage } of nodes) {
    for (let id = carriesUsage ? parentId : null; id !== null && id !== "" && !above.has(id); id = parents.get(id) ?? null) above.add(id);
  }
  return above;
};

const isEmpty = (map: TextMap): boolean => Object.keys(map).length === 0;

export const usageNode = ({ row, otel }: MergedObservation): UsageNode => ({
  id: row.id,
  parentId: row.parent_observation_id,
  carriesUsage: otel.rollUp !== undefined || !isEmpty(row.usage_details) || !isEmpty(row.cost_details),
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
