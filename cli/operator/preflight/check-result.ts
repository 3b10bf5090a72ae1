/** Preflight: the outcome of one check, and how checks are run. */
import { AppError, errorTable } from "../../../core/errors.ts";
import { failureOf } from "../../../db/postgres/failure.ts";

export type CheckOutcome = "ok" | "warning" | "failed" | "skipped";

/** `help` says what to do. Neither text ever holds the value of a variable that may be secret. */
export type CheckResult = { check: string; outcome: CheckOutcome; message: string; help: string | null };

export const ok = (check: string, message: string): CheckResult => ({ check, outcome: "ok", message, help: null });
export const warning = (check: string, message: string, help: string): CheckResult => ({ check, outcome: "warning", message, help });
export const failed = (check: string, message: string, help: string): CheckResult => ({ check, outcome: "failed", message, help });
export const skipped = (check: string, message: string): CheckResult => ({ check, outcome: "skipped", message, help: null });

/** Longest time of one check. */
export const checkMsMax = 20_000;

/** A check that throws has failed; one that does not end in time, too. */
export const runCheck = async (check: string, work: () => Promise<CheckResult>): Promise<CheckResult> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(
      () => resolve(failed(check, `No answer within ${checkMsMax / 1000} s.`, "Check address, port and firewall.")),
      checkMsMax,
    );
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    return failureResult(check, error);
  } finally {
    clearTimeout(timer);
  }
};

/** Describes a failure by its stable code, with the help of docs/errors.md. */
export const failureResult = (check: string, error: unknown): CheckResult => {
  const failure = failureOf(error);
  const { title, help } = errorTable[failure.code];
  const isShown = error instanceof AppError && failure.message !== "";
  return failed(check, `${failure.code}: ${isShown ? failure.message : title}`, help);
};

/** Beyond it, stores refuse signatures, and times in logs cannot be compared. */
const skewSecondsMax = 15 * 60;
const skewSecondsWarned = 60;

/**
 * Compares the clock of a service with this machine's. `askedMs` and `answeredMs` are before and after the question, so the difference is
 * known to within their distance.
 */
export const clockResult = (
  check: string,
  { theirsMs, askedMs, answeredMs }: { theirsMs: number; askedMs: number; answeredMs: number },
): CheckResult => {
  const skew = Math.round((theirsMs - (askedMs + answeredMs) / 2) / 1000);
  const message = skew === 0 ? "Same time as here." : `Clock skew: ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} this machine.`;
  const help = "Synchronise both clocks (NTP).";
  if (Math.abs(skew) > skewSecondsMax) return failed(check, message, `${help} Object stores refuse requests beyond 15 minutes.`);
  return Math.abs(skew) > skewSecondsWarned ? warning(check, message, help) : ok(check, message);
};
