/** The conditions of the filter as chips: a press edits one. All of them must hold. */
import { useRef } from "react";
import { IconButton } from "../../components/button.tsx";
import { Icon } from "../../components/icon.tsx";
import { Popover } from "../../components/popover.tsx";
import { SafeText } from "../../components/safe-text.tsx";
import type { ExportTable, FilterCondition } from "../../generated/types.gen.ts";
import { FilterEditor } from "./filter-editor.tsx";
import { conditionsMax, conditionTexts } from "./filter-language.ts";
import type { TableView } from "./use-table-view.ts";

export const FilterBar = ({ table, view }: { table: ExportTable; view: TableView }) => {
  const conditions = view.search.filter ?? [];
  const bar = useRef<HTMLElement>(null);
  const set = (next: readonly FilterCondition[]) => view.filterBy({ filter: next.length === 0 ? undefined : next });
  return (
    <section ref={bar} className="filter-bar" aria-label="Filter" tabIndex={-1}>
      {conditions.map((condition, at) => (
        // A condition stays itself while it is edited, and equal ones may stand twice: their place is all that tells them apart.
        <Chip
          key={`${at}`}
          table={table}
          view={view}
          condition={condition}
          onChange={(next) => set(conditions.with(at, next))}
          onRemove={() => {
            set(conditions.toSpliced(at, 1));
            // Its button goes, and the focus with it.
            bar.current?.focus();
          }}
        />
      ))}
      {conditions.length >= conditionsMax ? null : (
        <Popover
          label="Add a filter"
          className="button button-ghost"
          button={
            <>
              <Icon name="plus" size={14} />
              Filter
            </>
          }
        >
          {(close) => (
            <FilterEditor
              table={table}
              view={view}
              onApply={(condition) => {
                close();
                set([...conditions, condition]);
              }}
            />
          )}
        </Popover>
      )}
      {conditions.length === 0 ? null : (
        <button type="button" className="button button-ghost" onClick={() => set([])}>
          Clear
        </button>
      )}
    </section>
  );
};

type ChipProps = {
  table: ExportTable;
  view: TableView;
  condition: FilterCondition;
  onChange: (next: FilterCondition) => void;
  onRemove: () => void;
};

const Chip = ({ table, view, condition, onChange, onRemove }: ChipProps) => {
  const { subject, operator, value } = conditionTexts(condition);
  return (
    <span className="chip">
      <Popover
        label={`Filter on ${subject}`}
        className="chip-open"
        button={
          <>
            <SafeText text={subject} isLine />
            <span className="chip-operator">{operator}</span>
            {value === "" ? null : (
              <span className="chip-value">
                <SafeText text={value} isLine />
              </span>
            )}
          </>
        }
      >
        {(close) => (
          <FilterEditor
            table={table}
            view={view}
            condition={condition}
            onApply={(next) => {
              close();
              onChange(next);
            }}
          />
        )}
      </Popover>
      <IconButton icon="close" size="small" className="chip-remove" label={`Remove the filter on ${subject}`} onClick={onRemove} />
    </span>
  );
};
