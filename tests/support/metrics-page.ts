/** Reads what Prometheus reads: the text format 0.0.4, as https://prometheus.io/docs/instrumenting/exposition_formats/ has it (read 2026-11-21). */
import { expect } from "vitest";
import { waitSeconds } from "./wait-seconds.ts";

export type Sample = { name: string; labels: Record<string, string>; value: number };

export const parsePage = (text: string): Sample[] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name === "") throw new Error(`not a sample: ${line}`);
      return {
        name,
        labels: Object.fromEntries(
          [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]),
        ),
        value: Number(value),
      };
    });

/** `name{label="value"}` with the labels in order: what the expectations of tests are written in. */
export const keyOf = ({ name, labels }: Pick<Sample, "name" | "labels">): string => {
  const shown = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}="${value}"`);
  return shown.length === 0 ? name : `${name}{${shown.join(",")}}`;
};

export const readPage = async (port: number): Promise<{ text: string; values: Record<string, number>; samples: Sample[] }> => {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const samples = parsePage(text);
  return { text, samples, values: Object.fromEntries(samples.map((sample) => [keyOf(sample), sample.value])) };
};

/** Looks until the page shows all of these values; undefined: it does not show the series. */
export const shows = async (port: number, expected: Record<string, number | undefined>, seconds = waitSeconds): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const { values } = await readPage(port);
    const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, values[key]]));
    if (Date.now() < end && Object.entries(expected).some(([key, value]) => seen[key] !== value)) continue;
    return expect(seen).toEqual(expected);
  }
};
