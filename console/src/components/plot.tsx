/**
 * A plot, drawn by uPlot, which is loaded when the first one is shown. It follows the width of its place and the theme. What it shows is also
 * in words beside it, because a canvas says nothing to screen readers.
 */
import { useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import { useTheme } from "../app/theme.ts";
import { Failed } from "./states.tsx";

/** Gives the color of a token such as `--success`, as the theme has it now. */
export type ColorOf = (token: string) => string;

type PlotProps = {
  data: uPlot.AlignedData;
  heightPx: number;
  /** Called anew for each theme, and where it is another function: make it by useCallback or outside of the component. */
  optionsOf: (colorOf: ColorOf, library: typeof uPlot) => Omit<uPlot.Options, "width" | "height">;
  className: string;
};

export const Plot = ({ data, heightPx, optionsOf, className }: PlotProps) => {
  const place = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<uPlot | null>(null);
  const [error, setError] = useState<unknown>(null);
  const theme = useThemeInUse();
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    let isGone = false;
    let plot: uPlot | undefined;
    const draw = async () => {
      try {
        const [{ default: Library }] = await Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]);
        if (isGone || place.current === null) return;
        const size = { width: place.current.clientWidth, height: heightPx };
        plot = new Library({ ...optionsOf(colorIn(place.current), Library), ...size }, latest.current, place.current);
        setDrawn(plot);
      } catch (failure) {
        if (!isGone) setError(failure);
      }
    };
    void draw();
    return () => {
      isGone = true;
      plot?.destroy();
      setDrawn(null);
    };
  }, [optionsOf, heightPx, theme]);
  useEffect(() => drawn?.setData(data), [drawn, data]);
  useEffect(() => {
    const element = place.current;
    if (drawn === null || element === null) return;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== drawn.width) drawn.setSize({ width: element.clientWidth, height: heightPx });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [drawn, heightPx]);
  if (error !== null) return <Failed error={error} />;
  return <div ref={place} className={className} data-drawn={drawn === null ? undefined : ""} aria-hidden="true" />;
};

/** A canvas knows no custom properties, and none of them is a plain color: each has one for light and one for dark. */
export const colorIn =
  (element: HTMLElement): ColorOf =>
  (token) => {
    const probe = element.appendChild(document.createElement("span"));
    probe.style.color = `var(${token})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };

/** The chosen theme, or what the system has at the moment. */
const useThemeInUse = (): string => {
  const theme = useTheme();
  const [isDark, setDark] = useState(() => darkOfSystem().matches);
  useEffect(() => {
    const query = darkOfSystem();
    const follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return theme === "system" ? (isDark ? "dark" : "light") : theme;
};

const darkOfSystem = (): MediaQueryList => window.matchMedia("(prefers-color-scheme: dark)");
