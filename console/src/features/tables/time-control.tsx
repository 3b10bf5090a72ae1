/** The range of time that is shown: since some hours ago, or between two instants, entered in the reader's zone. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field, Input } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { Popover } from "../../components/popover.tsx";
import { instantOf, localOf, rangeTitles, relativeRanges } from "./time-range.ts";
import type { TableView } from "./use-table-view.ts";

const short = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const text = (instant: string): string => short.format(new Date(instant));

const titleOf = ({ since, from, to }: TableView["search"]): string => {
  if (since !== undefined) return rangeTitles[since];
  if (from !== undefined) return to === undefined ? `Since ${text(from)}` : `${text(from)} – ${text(to)}`;
  return to === undefined ? "All time" : `Before ${text(to)}`;
};

export const TimeControl = ({ view }: { view: TableView }) => {
  const title = titleOf(view.search);
  return (
    <Popover
      label="Time"
      className="button button-secondary"
      buttonLabel={`Time: ${title}`}
      button={
        <>
          <Icon name="clock" size={14} />
          {title}
          <Icon name="chevronDown" size={14} />
        </>
      }
    >
      {(close) => <TimeForm view={view} close={close} />}
    </Popover>
  );
};

const TimeForm = ({ view: { search, filterBy }, close }: { view: TableView; close: () => void }) => {
  const [from, setFrom] = useState(localOf(search.from));
  const [to, setTo] = useState(localOf(search.to));
  const [error, setError] = useState<string>();
  const choose = (range: Pick<TableView["search"], "since" | "from" | "to">) => {
    close();
    filterBy({ since: undefined, from: undefined, to: undefined, ...range });
  };
  const apply = () => {
    // What was not touched keeps its microseconds.
    const start = from === localOf(search.from) ? search.from : instantOf(from);
    const end = to === localOf(search.to) ? search.to : instantOf(to);
    if (start !== undefined && end !== undefined && Date.parse(start) >= Date.parse(end))
      return setError("The end must be after the start.");
    choose({ ...(start !== undefined && { from: start }), ...(end !== undefined && { to: end }) });
  };
  const isOpenEnded = search.since === undefined && search.from === undefined && search.to === undefined;
  return (
    <form
      className="popover-form"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <div className="range-presets">
        <Button size="small" aria-pressed={isOpenEnded} onClick={() => choose({})}>
          All time
        </Button>
        {relativeRanges.map((range) => (
          <Button key={range} size="small" aria-pressed={search.since === range} onClick={() => choose({ since: range })}>
            {rangeTitles[range]}
          </Button>
        ))}
      </div>
      <Field label="From" hint="In your time zone; empty for no start.">
        {(control) => (
          <Input {...control} type="datetime-local" step="0.001" value={from} onChange={(event) => setFrom(event.target.value)} />
        )}
      </Field>
      <Field label="To" hint="Up to, but not including; empty for no end." error={error}>
        {(control) => <Input {...control} type="datetime-local" step="0.001" value={to} onChange={(event) => setTo(event.target.value)} />}
      </Field>
      <div className="popover-actions">
        <Button type="submit" variant="primary">
          Apply
        </Button>
      </div>
    </form>
  );
};
