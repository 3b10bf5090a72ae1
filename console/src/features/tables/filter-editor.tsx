/** Form of one condition: column, operator, key and value, all from the table's own description. */
import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Field, Input, Select } from "../../components/field.tsx";
import type { ExportTable, FilterCondition } from "../../generated/types.gen.ts";
import {
  type ConditionDraft,
  conditionOf,
  draftOf,
  emptyDraft,
  hasKey,
  type Operator,
  operatorsOf,
  withOperator,
} from "./filter-language.ts";
import { FilterValue, Suggestions } from "./filter-value.tsx";
import type { TableView } from "./use-table-view.ts";

type EditorProps = { table: ExportTable; view: TableView; condition?: FilterCondition; onApply: (condition: FilterCondition) => void };

export const FilterEditor = ({ table, view, condition, onApply }: EditorProps) => {
  const [draft, setDraft] = useState<ConditionDraft | undefined>(() =>
    condition === undefined ? draftOfColumn(table, firstColumn(table)) : draftOf(condition),
  );
  const [fault, setFault] = useState<{ field: "key" | "value"; error: string }>();
  if (draft === undefined) return null;
  const column = table.filters.find(({ id, aliases }) => id === draft.column || aliases.includes(draft.column));
  const operators = column === undefined ? [] : operatorsOf(column);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Forms nest where a popover stands inside of a dialog.
    event.stopPropagation();
    const checked = conditionOf(draft);
    if ("error" in checked) setFault(checked);
    else onApply(checked.condition);
  };
  const change = (next: ConditionDraft | undefined) => {
    setFault(undefined);
    if (next !== undefined) setDraft(next);
  };
  const errorOf = (field: "key" | "value") => (fault?.field === field ? fault.error : undefined);
  return (
    <form className="popover-form" onSubmit={submit} noValidate>
      <Field label="Column">
        {(control) => (
          <Select
            {...control}
            value={draft.column}
            options={(column?.id === draft.column ? [] : [draft.column]).concat(table.filters.map(({ id }) => id)).map(asOption)}
            onChange={(id) => change(draftOfColumn(table, id))}
          />
        )}
      </Field>
      <Field label="Operator">
        {(control) => (
          <Select
            {...control}
            value={nameOf(draft)}
            options={withCurrent(operators, draft).map((one) => ({ value: nameOf(one), title: one.operator }))}
            onChange={(name) => change(withOperator(draft, withCurrent(operators, draft).find((one) => nameOf(one) === name) ?? draft))}
          />
        )}
      </Field>
      {hasKey(draft.type) ? (
        <Field label={draft.type === "stringObject" ? "Key" : "Name of the score"} error={errorOf("key")}>
          {(control) => (
            <>
              <Input
                {...control}
                value={draft.key}
                autoComplete="off"
                list={`${control.id}-names`}
                onChange={(event) => change({ ...draft, key: event.target.value })}
              />
              {draft.type === "stringObject" ? null : (
                <Suggestions id={`${control.id}-names`} table="scores" column="name" prefix={draft.key} filter={[]} />
              )}
            </>
          )}
        </Field>
      ) : null}
      <FilterValue table={table} view={view} draft={draft} error={errorOf("value")} onChange={change} />
      <div className="popover-actions">
        <Button type="submit" variant="primary">
          Apply
        </Button>
      </div>
    </form>
  );
};

const asOption = (id: string) => ({ value: id, title: id });
const nameOf = ({ type, operator }: Operator): string => `${type} ${operator}`;

/** A condition of a link may have an operator that the form would not offer by itself. */
const withCurrent = (operators: readonly Operator[], { type, operator }: Operator): readonly Operator[] =>
  operators.some((one) => one.type === type && one.operator === operator) ? operators : [{ type, operator }, ...operators];

/** What people filter by first. */
const firstColumn = (table: ExportTable): string => table.filters.find(({ id }) => id === "name")?.id ?? table.filters[0]?.id ?? "";

/** Where a column has values to choose from, the form begins with a list. */
const draftOfColumn = (table: ExportTable, id: string): ConditionDraft | undefined => {
  const column = table.filters.find((one) => one.id === id);
  const draft = column && emptyDraft(column);
  const anyOf = column && operatorsOf(column).find(({ operator }) => operator === "any of");
  return draft && anyOf && column.type.endsWith("Options") ? withOperator(draft, anyOf) : draft;
};
