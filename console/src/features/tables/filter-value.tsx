/** Field of a condition's value, by what the operator compares with. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useDebounced } from "../../app/use-debounced.ts";
import { Button } from "../../components/button.tsx";
import { Checkbox, Field, Input, Select } from "../../components/field.tsx";
import { countText } from "../../components/quantity.ts";
import { SafeText } from "../../components/safe-text.tsx";
import type { ExportTable, FilterCondition } from "../../generated/types.gen.ts";
import { type ConditionDraft, hasKey, valueKindOf } from "./filter-language.ts";
import { valuesOptions } from "./table-queries.ts";
import { boundsOf, instantBefore, instantOf, localOf, rangeConditions, rangeTitles, relativeRanges } from "./time-range.ts";
import type { TableView } from "./use-table-view.ts";

type ValueProps = {
  table: ExportTable;
  view: TableView;
  draft: ConditionDraft;
  error: string | undefined;
  onChange: (draft: ConditionDraft) => void;
};

export const FilterValue = (props: ValueProps) => {
  const kind = valueKindOf(props.draft.type);
  switch (kind) {
    case "text":
    case "number":
      return <TextValue {...props} isNumber={kind === "number"} />;
    case "texts":
      return <TextsValue {...props} />;
    case "instant":
      return <InstantValue {...props} />;
    case "boolean":
      return <BooleanValue {...props} />;
    case "none":
      return null;
    default:
      return kind satisfies never;
  }
};

const TextValue = ({ draft, error, onChange, isNumber }: ValueProps & { isNumber: boolean }) => (
  <Field label="Value" error={error} hint={isNumber ? undefined : "Upper and lower case count. Empty finds missing values."}>
    {(control) => (
      <Input
        {...control}
        value={draft.text}
        autoComplete="off"
        inputMode={isNumber ? "decimal" : "text"}
        onChange={(event) => onChange({ ...draft, text: event.target.value })}
      />
    )}
  </Field>
);

const BooleanValue = ({ draft, error, onChange }: ValueProps) => (
  <Field label="Value" error={error}>
    {(control) => (
      <Select
        {...control}
        value={draft.text}
        options={["true", "false"].map((value) => ({ value, title: value }))}
        onChange={(text) => onChange({ ...draft, text })}
      />
    )}
  </Field>
);

const InstantValue = ({ view: { nowMs }, draft, error, onChange }: ValueProps) => (
  <Field label="Time" error={error} hint="In your time zone.">
    {(control) => (
      <>
        <Input
          {...control}
          type="datetime-local"
          step="0.001"
          value={localOf(draft.text)}
          onChange={(event) => onChange({ ...draft, text: instantOf(event.target.value) ?? "" })}
        />
        <span className="range-presets">
          {relativeRanges.map((range) => (
            <Button key={range} size="small" onClick={() => onChange({ ...draft, text: instantBefore(range, nowMs) })}>
              {rangeTitles[range].replace("Last ", "")} ago
            </Button>
          ))}
        </span>
      </>
    )}
  </Field>
);

const restMs = 250;
const suggestionsMax = 50;

/** Values that rows have, most frequent first, and those that are chosen whatever the rows have. */
const TextsValue = ({ table, view: { name, search, nowMs }, draft, error, onChange }: ValueProps) => {
  const [typed, setTyped] = useState("");
  const prefix = useDebounced(typed, restMs);
  const canSuggest = !hasKey(draft.type);
  const { data } = useQuery({
    ...valuesOptions(name, {
      column: draft.column,
      filter: rangeConditions(table.timeColumn, boundsOf(search, nowMs)),
      prefix,
      limit: suggestionsMax,
    }),
    enabled: canSuggest,
    retry: false,
  });
  /** Values entered here or before, which stay listed whatever is found. */
  const [entered, setEntered] = useState(draft.texts);
  const isChosen = (value: string) => draft.texts.includes(value);
  const toggle = (value: string) =>
    onChange({ ...draft, texts: isChosen(value) ? draft.texts.filter((one) => one !== value) : [...draft.texts, value] });
  const add = () => {
    if (!isChosen(typed)) toggle(typed);
    if (!entered.includes(typed)) setEntered([...entered, typed]);
    setTyped("");
  };
  // A value keeps its place when it is chosen: one that moved would lose the focus.
  const counts = new Map(data?.values.map(({ value, count }) => [value, count]));
  const listed = new Set([
    ...entered,
    ...draft.texts.filter((value) => !counts.has(value)),
    ...counts.keys(),
    ...(typed === "" ? [""] : []),
  ]);
  return (
    <Field label="Values" error={error} hint="Choose some, or enter one and press Enter.">
      {(control) => (
        <>
          <span className="toolbar">
            <Input
              {...control}
              value={typed}
              autoComplete="off"
              placeholder="Find or enter a value"
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => {
                // With nothing entered, Enter applies the condition.
                if (event.key !== "Enter" || typed === "") return;
                event.preventDefault();
                add();
              }}
            />
            {typed === "" ? null : (
              <Button size="small" onClick={add}>
                Add
              </Button>
            )}
          </span>
          <span className="suggestions">
            {[...listed].map((value) => (
              <span key={value} className="suggestion">
                <Checkbox checked={isChosen(value)} onChange={() => toggle(value)}>
                  {value === "" ? "(empty)" : <SafeText text={value} isLine />}
                </Checkbox>
                {counts.has(value) ? <span className="muted numeric">{countText(counts.get(value) ?? 0)}</span> : null}
              </span>
            ))}
          </span>
        </>
      )}
    </Field>
  );
};

type SuggestionsProps = { id: string; table: string; column: string; prefix: string; filter: FilterCondition[] };

/** Values of a column as suggestions of an input. */
export const Suggestions = ({ id, table, column, prefix, filter }: SuggestionsProps) => {
  const { data } = useQuery({
    ...valuesOptions(table, { column, filter, prefix: useDebounced(prefix, restMs), limit: suggestionsMax }),
    retry: false,
  });
  return (
    <datalist id={id}>
      {data?.values.map(({ value }) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
};
