/** Cells of a strip: their color and words, from what the API says of them. */
import { countText } from "../../components/quantity.ts";
import type { IntegrationCoverageCell } from "../../generated/types.gen.ts";
import { runStateOrder, runTitles } from "./integration-state.ts";

export type CellTone = (typeof runStateOrder)[number];

/** Of the state that needs attention most. */
export const toneOf = (cell: IntegrationCoverageCell): CellTone => runStateOrder.find((state) => cell[state] > 0) ?? "completed";

const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const withSeconds = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** In the reader's zone, without what both ends share. */
export const rangeText = (from: string, to: string): string => {
  const [start, end] = [new Date(from), new Date(to)];
  if (start.getSeconds() + end.getSeconds() > 0) return `${withSeconds.format(start)} – ${withSeconds.format(end)}`;
  const isOneDay = start.toDateString() === end.toDateString();
  return `${days.format(start)} – ${(isOneDay ? clock : days).format(end)}`;
};

/** `3 windows: 2 delivered, 1 failed`; of one window its state alone. */
export const stateText = (cell: IntegrationCoverageCell): string => {
  if (cell.windows === 1) return runTitles[toneOf(cell)];
  const parts = runStateOrder.filter((state) => cell[state] > 0).map((state) => `${countText(cell[state])} ${wordOf(state)}`);
  return `${countText(cell.windows)} windows: ${parts.join(", ")}`;
};

const wordOf = (state: CellTone): string => (state === "pending" ? "to be delivered again" : runTitles[state].toLowerCase());

export const cellText = (cell: IntegrationCoverageCell): string =>
  [
    rangeText(cell.from, cell.to),
    stateText(cell),
    `${countText(cell.rows)} ${cell.rows === 1 ? "row" : "rows"}`,
    ...(cell.rejected === 0 ? [] : [`${countText(cell.rejected)} refused`]),
    ...(cell.hasGap ? ["time before it is not covered"] : []),
  ].join(" · ");
