/** The plot of a histogram, by uPlot, which is loaded with this file only. */
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../../app/theme.ts";
import { colorIn } from "../../components/plot.tsx";
import { countText } from "../../components/quantity.ts";
import type { TableHistogram } from "../../generated/types.gen.ts";

type PlotProps = { histogram: TableHistogram; onSelect: (range: { from: string; to: string }) => void };

const height = 104;
const hint = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

const Plot = ({ histogram, onSelect }: PlotProps) => {
  const frame = useRef<HTMLDivElement>(null);
  const select = useRef(onSelect);
  const [pointed, setPointed] = useState<number | null>(null);
  const theme = useTheme();
  useEffect(() => {
    select.current = onSelect;
  });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const plot = new uPlot(
      optionsOf(element, histogram, { onSelect: (range) => select.current(range), onPoint: setPointed }),
      dataOf(histogram),
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    // The system may change between light and dark while the page is open.
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.redraw(false, true);
    dark.addEventListener("change", redraw);
    return () => {
      dark.removeEventListener("change", redraw);
      observer.disconnect();
      plot.destroy();
    };
  }, [histogram, theme]);
  const count = pointed === null ? undefined : histogram.counts[pointed];
  return (
    <div className="plot" ref={frame} aria-hidden="true">
      {pointed === null || count === undefined ? null : (
        <span className="plot-hint numeric">
          {hint.format(startMs(histogram, pointed))} · {countText(count)}
        </span>
      )}
    </div>
  );
};

export default Plot;

const startMs = ({ from, bucketSeconds }: TableHistogram, bucket: number): number => Date.parse(from) + bucket * bucketSeconds * 1000;

const dataOf = (histogram: TableHistogram): uPlot.AlignedData => [
  histogram.counts.map((_, bucket) => startMs(histogram, bucket) / 1000),
  histogram.counts,
];

/** A clock of 24 hours, as everywhere in the console: `[steps from so many seconds, text, and what is added in a new year, day, …]`. */
const timeTicks: uPlot.Axis.Values = [
  [365 * 86_400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86_400, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, "\n{D} {MMM}", null, null, null, 1],
];

type Handlers = { onSelect: PlotProps["onSelect"]; onPoint: (bucket: number | null) => void };

const optionsOf = (element: HTMLElement, histogram: TableHistogram, { onSelect, onPoint }: Handlers): uPlot.Options => {
  const color = colorIn(element);
  const axis = { stroke: () => color("--text-muted"), ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const { bucketSeconds, from, to } = histogram;
  const start = Date.parse(from) / 1000;
  const bars = uPlot.paths.bars?.({ size: [0.85], align: 1 });
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    // Bars stand to the right of their start, so the last one needs its width.
    scales: {
      x: { range: () => [start, Math.max(start + 1, Date.parse(to) / 1000)] },
      y: { range: (_, __, max) => [0, Math.max(1, max)] },
    },
    axes: [
      { ...axis, size: 22, grid: { show: false }, values: timeTicks },
      {
        ...axis,
        size: 44,
        space: 28,
        grid: { stroke: () => color("--border"), width: 1 },
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? countText(tick) : "")),
      },
    ],
    series: [{}, { fill: () => color("--accent-solid"), points: { show: false }, ...(bars !== undefined && { paths: bars }) }],
    hooks: {
      setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 3) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          // Whole buckets: what is under the edges of the drag is meant.
          const bucketAt = (pixels: number) => (plot.posToVal(pixels, "x") - start) / bucketSeconds;
          const at = (bucket: number) => new Date((start + bucket * bucketSeconds) * 1000).toISOString();
          onSelect({ from: at(Math.max(0, Math.floor(bucketAt(left)))), to: at(Math.ceil(bucketAt(left + width))) });
        },
      ],
    },
  };
};
