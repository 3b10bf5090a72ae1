/** An instant in the reader's zone, with UTC as its hint. */
import { useSyncExternalStore } from "react";
import { durationText } from "./quantity.ts";

const full = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const ofDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const precise = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const zone = new Intl.DateTimeFormat("en-GB").resolvedOptions().timeZone;

type Form =
  /** The clock today, else day and clock. */
  | "short"
  | "full"
  /** Day, month and year. */
  | "day"
  /** Day, clock and milliseconds, short enough for a column. */
  | "precise"
  /** `4 min ago`, `in 2 h`: follows the clock. */
  | "relative";

export const Time = ({ at, form = "short" }: { at: string; form?: Form }) => {
  const date = new Date(at);
  return (
    <time className="numeric" dateTime={at} title={`${date.toISOString().replace("T", " ").replace("Z", " UTC")}\nShown in ${zone}`}>
      {form === "relative" ? <Relative date={date} /> : textIn[form](date)}
    </time>
  );
};

const textIn = {
  full: (date: Date) => full.format(date),
  day: (date: Date) => day.format(date),
  precise: (date: Date) => precise.format(date),
  short: (date: Date) => shortText(date),
};

const shortText = (date: Date): string => (date.toDateString() === new Date().toDateString() ? clock : ofDay).format(date);

const Relative = ({ date }: { date: Date }) => {
  const nowMs = useNow();
  const seconds = (nowMs - date.getTime()) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  const [text = ""] = durationText(Math.abs(seconds)).match(/^[\d.]+ \w+/) ?? [];
  return seconds < 0 ? `in ${text}` : `${text} ago`;
};

/** One timer for all of a page, which stands still where nobody looks. */
const listeners = new Set<() => void>();
let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    nowMs = Date.now();
    for (const each of listeners) each();
  }, 5000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
};

const useNow = (): number => useSyncExternalStore(subscribe, () => nowMs);
