/** Which columns are shown, and in which order. The export takes them along. */
import { useState } from "react";
import { announce } from "../../app/announce.tsx";
import { Button, IconButton } from "../../components/button.tsx";
import { Checkbox, Input } from "../../components/field.tsx";
import { Icon } from "../../components/icon.tsx";
import { Popover } from "../../components/popover.tsx";
import type { ExportTable } from "../../generated/types.gen.ts";
import { pageOf } from "./table-pages.ts";
import { shownColumns } from "./table-view.ts";
import type { TableView } from "./use-table-view.ts";

type PickerProps = { table: ExportTable; view: TableView };

export const ColumnPicker = (props: PickerProps) => (
  <Popover
    label="Columns"
    className="button button-secondary"
    button={
      <>
        <Icon name="columns" size={14} />
        Columns
      </>
    }
  >
    {() => <Columns {...props} />}
  </Popover>
);

const Columns = ({ table, view: { name, search, show } }: PickerProps) => {
  const [typed, setTyped] = useState("");
  const shown = shownColumns(table, name, search);
  const set = (columns: readonly string[]) => {
    const isDefault = columns.join() === pageOf(name).columns.join();
    show({ columns: isDefault ? undefined : columns.join(",") }, { replace: true });
  };
  const move = (id: string, by: -1 | 1) => {
    const at = shown.indexOf(id);
    const next = shown.toSpliced(at, 1).toSpliced(at + by, 0, id);
    set(next);
    announce(`${id} is column ${at + by + 1} of ${shown.length}`);
  };
  const hidden = table.columns.map(({ id }) => id).filter((id) => !shown.includes(id));
  const fits = (id: string) => id.toLowerCase().includes(typed.toLowerCase());
  return (
    <div className="popover-form">
      <Input
        type="search"
        aria-label="Find a column"
        placeholder="Find a column"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <ul className="column-list">
        {shown.filter(fits).map((id) => {
          const at = shown.indexOf(id);
          return (
            <li key={id} className="column-row">
              <Checkbox checked disabled={shown.length === 1} onChange={() => set(shown.filter((one) => one !== id))}>
                {id}
              </Checkbox>
              <IconButton icon="arrowUp" size="small" label={`Move ${id} to the front`} disabled={at === 0} onClick={() => move(id, -1)} />
              <IconButton
                icon="arrowDown"
                size="small"
                label={`Move ${id} to the back`}
                disabled={at === shown.length - 1}
                onClick={() => move(id, 1)}
              />
            </li>
          );
        })}
        {hidden.filter(fits).map((id) => (
          <li key={id} className="column-row" title={table.columns.find((column) => column.id === id)?.description}>
            <Checkbox checked={false} onChange={() => set([...shown, id])}>
              {id}
            </Checkbox>
          </li>
        ))}
      </ul>
      <div className="popover-actions">
        <Button size="small" onClick={() => set(pageOf(name).columns)}>
          Reset
        </Button>
        <Button size="small" onClick={() => set([...shown, ...hidden])}>
          Show all
        </Button>
      </div>
    </div>
  );
};
