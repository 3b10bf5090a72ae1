/** The conditions of the filter as chips: a press edits one. All of them must hold. */
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
  const set = (next: readonly FilterCondition[]) => view.filterBy({ filter: next.length === 0 ? undefined : next });
  return (
    <section className="filter-bar" aria-label="Filter">
      {conditions.map((condition, at) => (
        // Equal conditions may stand twice, and their place is all that tells them apart.
        <Chip
          key={`${at} ${JSON.stringify(condition)}`}
          table={table}
          view={view}
          condition={condition}
          onChange={(next) => set(conditions.with(at, next))}
          onRemove={() => set(conditions.toSpliced(at, 1))}
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
