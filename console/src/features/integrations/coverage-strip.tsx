/**
 * All windows of an integration in the order of time: a cell for each, or for equally many where there are too many to tell apart. One stop
 * of the Tab key; arrows move among the cells, Enter chooses one.
 */
import { type KeyboardEvent, useId, useState } from "react";
import { announce } from "../../app/announce.tsx";
import { classNames } from "../../components/class-names.ts";
import type { IntegrationCoverageCell } from "../../generated/types.gen.ts";
import { cellText, toneOf } from "./coverage-cells.ts";
import "./coverage-strip.css";
import { runStateOrder, runTitles } from "./integration-state.ts";

type StripProps = {
  cells: readonly IntegrationCoverageCell[];
  /** Start of the cell whose windows are shown below. */
  chosen: string | undefined;
  onChoose: (cell: IntegrationCoverageCell) => void;
};

const pageCells = 10;

export const CoverageStrip = ({ cells, chosen, onChoose }: StripProps) => {
  const id = useId();
  const [at, setAt] = useState<number>();
  const shown = at === undefined ? undefined : cells[Math.min(at, cells.length - 1)];
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const now = at ?? cells.length;
    const moves: Record<string, number> = {
      ...{ ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: cells.length - 1 },
      ...{ PageDown: now + pageCells, PageUp: now - pageCells },
    };
    const next = moves[event.key];
    if ((event.key === "Enter" || event.key === " ") && shown !== undefined) {
      event.preventDefault();
      onChoose(shown);
      announce("The windows of this cell are listed below");
    }
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(next, cells.length - 1)));
  };
  return (
    <div className="coverage">
      <div
        className="coverage-cells"
        role="listbox"
        aria-label="Windows, oldest first"
        aria-activedescendant={shown === undefined ? undefined : `${id}-${cells.indexOf(shown)}`}
        tabIndex={0}
        onKeyDown={move}
        onMouseLeave={() => setAt(undefined)}
      >
        {cells.map((cell, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: keys are those of the listbox.
          <div
            key={cell.from}
            id={`${id}-${index}`}
            role="option"
            aria-label={cellText(cell)}
            aria-selected={cell.from === chosen}
            className={classNames(
              "coverage-cell",
              `coverage-${toneOf(cell)}`,
              cell.hasGap && "coverage-after-gap",
              cell.rejected > 0 && "coverage-refused",
              cell === shown && "coverage-current",
            )}
            onMouseEnter={() => setAt(index)}
            onClick={() => onChoose(cell)}
          />
        ))}
      </div>
      <p className="coverage-line numeric">{shown === undefined ? <Ends cells={cells} /> : cellText(shown)}</p>
    </div>
  );
};

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

const Ends = ({ cells }: Pick<StripProps, "cells">) => {
  const [first, last] = [cells[0], cells.at(-1)];
  if (first === undefined || last === undefined) return null;
  return (
    <span className="coverage-ends">
      <span>{day.format(new Date(first.from))}</span>
      <span>{day.format(new Date(last.to))}</span>
    </span>
  );
};

/** Colors of the states that occur. */
export const CoverageLegend = ({ cells }: Pick<StripProps, "cells">) => (
  <ul className="coverage-legend">
    {runStateOrder
      .filter((state) => cells.some((cell) => cell[state] > 0))
      .map((state) => (
        <li key={state}>
          <span className={`coverage-dot coverage-${state}`} />
          {runTitles[state]}
        </li>
      ))}
    {cells.some(({ hasGap }) => hasGap) ? (
      <li>
        <span className="coverage-dot coverage-gap" />
        Not covered
      </li>
    ) : null}
  </ul>
);
