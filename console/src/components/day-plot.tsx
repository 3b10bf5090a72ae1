/** Counts of some days as stacked bars, with a legend that gives the numbers of the day under the pointer, else of all days. */
import { useCallback, useId, useMemo, useState } from "react";
import type uPlot from "uplot";
import "./day-plot.css";
import { type ColorOf, Plot } from "./plot.tsx";
import { countText } from "./quantity.ts";

export type Series = { title: string; tone: "success" | "danger" | "warning" | "info" | "neutral"; counts: readonly number[] };

type DayPlotProps = {
  label: string;
  /** Begin of each day in the reader's zone, as milliseconds. */
  days: readonly number[];
  /** From below to above. Each has a count for each day. */
  series: readonly Series[];
};

const heightPx = 160;
const tokens: Record<Series["tone"], string> = {
  success: "--success-solid",
  danger: "--danger-solid",
  warning: "--warning-solid",
  info: "--info-solid",
  neutral: "--border-strong",
};

const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });

export const DayPlot = ({ label, days, series }: DayPlotProps) => {
  const captionId = useId();
  const [at, setAt] = useState<number | null>(null);
  const shape = JSON.stringify(series.map(({ tone }) => tone));
  const data = useMemo(() => stacked(series, days.length), [series, days]);
  const optionsOf = useCallback(
    (colorOf: ColorOf, library: typeof uPlot) => optionsFor({ tones: JSON.parse(shape), days, setAt }, colorOf, library),
    [shape, days],
  );
  return (
    <figure className="day-plot" aria-labelledby={captionId}>
      <figcaption id={captionId} className="visually-hidden">
        {label}
      </figcaption>
      <p className="day-plot-legend numeric" aria-hidden="true">
        <span className="muted">{at === null || days[at] === undefined ? `Last ${days.length} days` : dayFormat.format(days[at])}</span>
        {series.map(({ title, tone, counts }) => (
          <span key={title} className={`day-plot-key day-plot-${tone}`}>
            {title} <strong>{countText(at === null ? counts.reduce((sum, count) => sum + count, 0) : (counts[at] ?? 0))}</strong>
          </span>
        ))}
      </p>
      <Plot data={data} heightPx={heightPx} optionsOf={optionsOf} className="day-plot-canvas" />
      <table className="visually-hidden">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {series.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((day, index) => (
            <tr key={day}>
              <th scope="row">{dayFormat.format(day)}</th>
              {series.map(({ title, counts }) => (
                <td key={title}>{countText(counts[index] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
};

/** Sums from below, the highest first, so that each bar is drawn over those that reach higher. */
const stacked = (series: readonly Series[], days: number): uPlot.AlignedData => {
  const sums = series.map((_, index) =>
    Array.from({ length: days }, (__, day) => series.slice(0, index + 1).reduce((sum, { counts }) => sum + (counts[day] ?? 0), 0)),
  );
  return [Array.from({ length: days }, (_, day) => day), ...sums.toReversed()];
};

type Shape = { tones: readonly Series["tone"][]; days: readonly number[]; setAt: (at: number | null) => void };

const optionsFor = ({ tones, days, setAt }: Shape, colorOf: ColorOf, library: typeof uPlot): Omit<uPlot.Options, "width" | "height"> => {
  const axis = { stroke: colorOf("--text-muted"), font: `11px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
  const paths = library.paths.bars?.({ size: [0.6, 48], radius: 0.08 });
  return {
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, x: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
    scales: {
      x: { time: false, range: [-0.5, days.length - 0.5] },
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        splits: () => days.map((_, day) => day),
        values: (_, splits) => splits.map((day) => (days[day] === undefined ? "" : weekday.format(days[day]))),
      },
      {
        ...axis,
        size: 44,
        grid: { stroke: colorOf("--border"), width: 1 },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 1_000_000, 10_000_000],
        values: (_, splits) => splits.map((split) => countText(split)),
      },
    ],
    series: [
      {},
      ...tones.toReversed().map((tone) => ({
        fill: colorOf(tokens[tone]),
        stroke: colorOf(tokens[tone]),
        width: 0,
        points: { show: false },
        ...(paths && { paths }),
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => setAt(idx ?? null)] },
  };
};
