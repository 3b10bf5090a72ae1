/**
 * A table with a sticky head and rows that keys move through. The page marks one link or button of each row with `data-row-focus`: arrows, j
 * and k, Home and End move the focus among them, and a press anywhere in the row presses it.
 */
import { Fragment, type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useRef } from "react";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import { useIsStale } from "./stale.ts";
import "./table.css";

export type Column<Row> = {
  id: string;
  title: string;
  /** The title is for screen readers only. */
  isTitleHidden?: boolean;
  /** Numbers stand at the end. */
  align?: "start" | "end";
  className?: string;
  /** Hint of the head, such as what the column holds. */
  hint?: string;
  /** Makes the head a button that sorts by this column. */
  sort?: { direction: "ascending" | "descending" | null; onSort: () => void };
  cell: (row: Row) => ReactNode;
};

type TableProps<Row> = {
  /** Names the table for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Row whose details are open beside the table. */
  selectedKey?: string | null;
  /** What lies folded under a row; null while it is closed. */
  detailsOf?: (row: Row) => ReactNode;
  /** Columns have the widths of their classes, so that no content moves them; those without share the rest. */
  isFixed?: boolean;
  /** Low rows of one line, for looking through many. */
  isDense?: boolean;
};

export const Table = <Row,>({
  label,
  columns,
  rows,
  rowKey,
  selectedKey = null,
  detailsOf,
  isFixed = false,
  isDense = false,
}: TableProps<Row>) => {
  const frame = useEnteringByKey();
  const isStale = useIsStale();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
    <section ref={frame} className="table-frame" aria-label={label} aria-busy={isStale} tabIndex={0} onKeyDown={moveAmongRows}>
      <table className={classNames("table", isFixed && "table-fixed", isDense && "table-dense")} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ id, title, isTitleHidden, align, className, hint, sort }) => (
              <th
                key={id}
                scope="col"
                title={hint}
                className={classNames(align === "end" && "end", className)}
                aria-sort={sort?.direction ?? undefined}
              >
                {sort !== undefined ? (
                  <SortButton title={title} {...sort} />
                ) : isTitleHidden ? (
                  <span className="visually-hidden">{title}</span>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const details = detailsOf?.(row) ?? null;
            return (
              <Fragment key={rowKey(row)}>
                <tr
                  data-opens=""
                  className={details === null ? undefined : "table-unfolded"}
                  aria-selected={selectedKey === null ? undefined : rowKey(row) === selectedKey}
                  onClick={open}
                >
                  {columns.map(({ id, align, className, cell }) => (
                    <td key={id} className={classNames(align === "end" && "end numeric", className)}>
                      {cell(row)}
                    </td>
                  ))}
                </tr>
                {details === null ? null : (
                  <tr className="table-details">
                    <td colSpan={columns.length}>{details}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
};

/** From the title of a page, where the focus is after a change of page, j leads to the first row of its first table. */
const useEnteringByKey = () => {
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const isAtTitle = document.activeElement === document.body || document.activeElement?.matches("h1, main") === true;
      if (event.key !== "j" || !isAtTitle || frame.current !== document.querySelector(".table-frame")) return;
      event.preventDefault();
      frame.current?.querySelector<HTMLElement>(rowFocus)?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return frame;
};

const SortButton = ({ title, direction, onSort }: { title: string } & NonNullable<Column<never>["sort"]>) => (
  <button type="button" className="table-sort" onClick={onSort}>
    {title}
    {direction === null ? null : <Icon name={direction === "ascending" ? "arrowUp" : "arrowDown"} size={12} />}
  </button>
);

const rowFocus = "[data-row-focus]";
const controls = "a, button, input, select, textarea, label";

/** Controls of the row do their own work, and selecting text opens nothing. */
const open = (event: MouseEvent<HTMLTableRowElement>): void => {
  if ((event.target as Element).closest(controls) !== null || window.getSelection()?.isCollapsed === false) return;
  event.currentTarget.querySelector<HTMLElement>(rowFocus)?.click();
};

const moveAmongRows = (event: KeyboardEvent<HTMLElement>): void => {
  if (event.metaKey || event.ctrlKey || event.altKey || (event.target as Element).matches("input, select, textarea")) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>(rowFocus)];
  const at = stops.findIndex((stop) => stop.closest("tr")?.contains(document.activeElement));
  const next = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: stops.length - 1 }[event.key];
  const stop = next === undefined ? undefined : stops[Math.max(0, Math.min(next, stops.length - 1))];
  if (stop === undefined) return;
  event.preventDefault();
  stop.focus();
};
