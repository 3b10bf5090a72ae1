/** Schedule of an integration: presets or cron, its time zone, and when it would fire next. */
import { useDeferredValue, useId } from "react";
import { Field, Input, Select } from "../../components/field.tsx";
import { Time } from "../../components/time.tsx";
import type { Integration } from "../../generated/types.gen.ts";
import type { Draft } from "./draft.ts";
import { nextTicks } from "./next-ticks.ts";

type Frequency = Integration["schedule"]["frequency"];

export const frequencyTitles: Record<Frequency, string> = {
  every_20_minutes: "Every 20 minutes",
  hourly: "Hourly",
  daily: "Daily, at midnight",
  weekly: "Weekly, on Monday",
  cron: "Cron expression",
};
const frequencies = Object.entries(frequencyTitles).map(([value, title]) => ({ value: value as Frequency, title }));

export const modeTitles: Record<Integration["mode"], string> = {
  FULL_HISTORY: "With the first row that exists",
  FROM_TODAY: "Now",
  FROM_CUSTOM_DATE: "At a date",
};

const ticksShown = 4;

type FieldsProps = { draft: Draft; onChange: (change: Partial<Draft>) => void; errorOf: (path: string) => string | undefined };

export const ScheduleFields = ({ draft, onChange, errorOf }: FieldsProps) => {
  const zones = useId();
  return (
    <>
      <div className="field-row">
        <Field label="Schedule" error={errorOf("schedule.frequency")}>
          {(control) => (
            <Select {...control} value={draft.frequency} options={frequencies} onChange={(frequency) => onChange({ frequency })} />
          )}
        </Field>
        {draft.frequency === "cron" ? (
          <Field label="Cron" hint="Minute, hour, day, month, day of week." error={errorOf("schedule.cron")}>
            {(control) => (
              <Input
                {...control}
                className="mono"
                placeholder="15 3,15 * * 1-5"
                spellCheck={false}
                value={draft.cron}
                onChange={(event) => onChange({ cron: event.currentTarget.value })}
              />
            )}
          </Field>
        ) : null}
        <Field label="Time zone" hint="Windows begin and end by its clock." error={errorOf("schedule.timeZone")}>
          {(control) => (
            <Input
              {...control}
              list={zones}
              spellCheck={false}
              value={draft.timeZone}
              onChange={(event) => onChange({ timeZone: event.currentTarget.value })}
            />
          )}
        </Field>
        <datalist id={zones}>
          {["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
      <NextTicks {...useDeferredValue(draft)} />
    </>
  );
};

const NextTicks = (draft: Draft) => {
  const ticks = nextTicks(draft, new Date(), ticksShown);
  if (ticks === undefined || ticks.length === 0)
    return (
      <p className="field-hint">
        {draft.frequency === "cron" && draft.cron.trim() === ""
          ? "Enter five fields."
          : "No next time: check the expression and the time zone."}
      </p>
    );
  const own = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: draft.timeZone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  });
  return (
    <div className="next-ticks">
      <span className="field-hint">Windows end next at</span>
      <ol aria-label="Next times">
        {ticks.map((tick) => (
          <li key={tick}>
            <span className="numeric">{own.format(new Date(tick))}</span>{" "}
            <span className="muted">
              <Time at={tick} form="relative" />
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
};
