/** Progress on stderr: a bar with rate and estimated time on a terminal, a plain line now and then elsewhere. */
import { type Options, SingleBar } from "cli-progress";
import type { Terminal } from "../terminal.ts";
import { formatSeconds } from "./quantities.ts";

export type Step = { label: string; done: number; total: number | null };
export type Progress = { update: (step: Step) => void; stop: () => void };

/** Between two plain lines of the same label. */
const plainSeconds = 10;

/** `suffix` is the unit, unless `format` writes it. */
type Unit = { format: (amount: number) => string; suffix?: string };

export const openProgress = (terminal: Terminal, unit: Unit): Progress =>
  terminal.stderr.isTTY === true ? openBar(terminal, unit) : openLines(terminal, unit);

/** The rate since the label last changed, and what it says about the rest. */
const createMeter = ({ nowMs }: Pick<Terminal, "nowMs">, { format, suffix = "" }: Unit) => {
  let since = { label: "", atMs: 0, done: 0 };
  return ({ label, done, total }: Step): { amount: string; pace: string } => {
    if (since.label !== label) since = { label, atMs: nowMs(), done };
    const seconds = (nowMs() - since.atMs) / 1000;
    const rate = seconds < 0.2 ? 0 : (done - since.done) / seconds;
    const rest = total === null || rate <= 0 ? "" : `, ${formatSeconds((total - done) / rate)} left`;
    return {
      amount: `${format(done)}${total === null ? "" : ` of ${format(total)}`}${suffix}`,
      pace: rate <= 0 ? "" : `${format(rate)}${suffix}/s${rest}`,
    };
  };
};

const openBar = (terminal: Terminal, unit: Unit): Progress => {
  const measure = createMeter(terminal, unit);
  const options: Options = {
    stream: terminal.stderr as unknown as NodeJS.WritableStream,
    format: "{label} {bar} {amount}  {pace}",
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is the program's own affair.
    gracefulExit: false,
    emptyOnZero: true,
  };
  let bar: SingleBar | undefined;
  return {
    update: (step) => {
      const { amount, pace } = measure(step);
      const known = Math.max(step.total ?? 0, step.done, 1);
      const done = step.total === null ? 0 : step.done;
      const payload = { label: step.label.padEnd(10), amount, pace };
      if (bar === undefined) {
        bar = new SingleBar(options);
        bar.start(known, done, payload);
      }
      bar.setTotal(known);
      bar.update(done, payload);
    },
    stop: () => bar?.stop(),
  };
};

const openLines = (terminal: Terminal, unit: Unit): Progress => {
  const measure = createMeter(terminal, unit);
  let last = { label: "", atMs: Number.NEGATIVE_INFINITY };
  return {
    update: (step) => {
      const { amount, pace } = measure(step);
      const nowMs = terminal.nowMs();
      if (step.label === last.label && nowMs - last.atMs < plainSeconds * 1000) return;
      last = { label: step.label, atMs: nowMs };
      terminal.stderr.write(`${step.label}: ${amount}${pace === "" ? "" : `, ${pace}`}\n`);
    },
    stop: () => undefined,
  };
};
