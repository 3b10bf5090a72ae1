/** A scheduled integration in words. */
import type { Integration } from "../../../openapi/client/index.ts";
import { type Colors, clip, formatFacts } from "./output.ts";
import { printable } from "./printable.ts";
import { formatCount, formatDistance } from "./quantities.ts";

export const paintSyncStatus = (status: Integration["status"]["syncStatus"], paint: Colors): string => {
  if (status === "error" || status === "disabled") return paint.red(status);
  return status === "up_to_date" ? paint.green(status) : paint.cyan(status);
};

export const showIntegration = (one: Integration, paint: Colors, nowMs: number): string => {
  const { status, schedule, settings } = one;
  const fault = status.lastError;
  return formatFacts(
    [
      ["id", one.id],
      ["kind", one.kind],
      ["name", clip(one.name, 200)],
      ["status", `${paintSyncStatus(status.syncStatus, paint)}: ${printable(status.sentence)}`],
      ["schedule", `${schedule.cron ?? schedule.frequency}, ${schedule.timeZone}`],
      ["mode", `${one.mode}${one.startDate === null ? "" : ` from ${one.startDate}`}`],
      ["tables", one.tables.join(", ")],
      ...Object.entries(settings).flatMap(([name, value]) =>
        value === null || value === "" ? [] : [[name, clip(typeof value === "string" ? value : JSON.stringify(value), 120)] as const],
      ),
      ...Object.entries(one.secret ?? {}).map(([name, mask]) => [name, printable(mask)] as const),
      ["delivered", status.deliveredThrough === null ? "nothing yet" : `all rows written before ${status.deliveredThrough}`],
      ["next run", status.nextRunAt === null ? undefined : formatDistance(status.nextRunAt, nowMs)],
      ["refused rows", status.openRejections === 0 ? undefined : formatCount(status.openRejections)],
      ["last error", fault === null ? undefined : paint.red(printable(`${fault.message} (${fault.code})`))],
      ["its words", fault?.detail == null ? undefined : clip(fault.detail, 300)],
      ["what to do", fault === null ? undefined : printable(fault.help)],
    ],
    paint,
  );
};
