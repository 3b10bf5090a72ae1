/**
 * Ingestion, parsing: measures the depth of JSON without recursion. JSON.parse reads any depth; recursive code after it would overflow the
 * stack.
 */
import { isExactNumber } from "../exact-json.ts";

export const nestingLevelsMax = 500;

/** Returns whether arrays and objects nest deeper than `levelsMax`; the outermost is level 1. A cycle counts as infinitely deep. */
export const isNestedBeyond = (value: unknown, levelsMax: number): boolean => {
  const waiting: { container: object; level: number }[] = isContainer(value) ? [{ container: value, level: 1 }] : [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.level > levelsMax) return true;
    const members: readonly unknown[] = Array.isArray(next.container) ? next.container : Object.values(next.container);
    for (const member of members) if (isContainer(member)) waiting.push({ container: member, level: next.level + 1 });
  }
  return false;
};

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null && !isExactNumber(value);
