/** The filter language as one schema, for the API document. Requests are checked by compile-filter.ts, whose faults name their field. */
import { z } from "zod";
import { type FilterTypeEntry, filterTypes } from "./operators.ts";

/** Operators of a type whose values have the same shape. */
const groupsOf = ({ operators }: FilterTypeEntry): { value: z.ZodType; names: [string, ...string[]] }[] => {
  const groups = new Map<string, { value: z.ZodType; names: [string, ...string[]] }>();
  for (const [name, { value }] of Object.entries(operators)) {
    const shape = JSON.stringify(z.toJSONSchema(value));
    groups.set(shape, { value, names: [...(groups.get(shape)?.names ?? []), name] as [string, ...string[]] });
  }
  return [...groups.values()];
};

const conditions = Object.entries(filterTypes).flatMap(([type, entry]) =>
  groupsOf(entry).map(({ value, names }) =>
    z.strictObject({
      type: z.literal(type),
      column: z.string(),
      ...(entry.hasKey ? { key: z.string().min(1) } : {}),
      operator: z.enum(names),
      value,
    }),
  ),
);

export const FilterCondition = z.union(conditions);
