/**
 * Paging by cursor. The cursor of the shown page is in the URL, so that a link leads to it; cursors of earlier pages are kept beside the entry
 * of the browser's history, because the API gives only the next one.
 */
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { Button } from "./button.tsx";
import { useIsStale } from "./stale.ts";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Cursors of the pages before this one; the first page has none and is written as "". */
    trail?: readonly string[];
  }
}

type PagerProps = {
  cursor: string | undefined;
  nextCursor: string | null;
  shown: string;
  /** Search parameters that go with a cursor, and leave with it. */
  beside?: Readonly<Record<string, string>>;
};

export const Pager = ({ cursor, nextCursor, shown, beside = {} }: PagerProps) => {
  const navigate = useNavigate();
  const trail = useRouterState({ select: ({ location }) => location.state.trail ?? [] });
  const go = (next: string | undefined, nextTrail: readonly string[]) =>
    void navigate({
      to: ".",
      search: (search: Record<string, unknown>) =>
        ({
          ...search,
          cursor: next,
          ...(next === undefined ? Object.fromEntries(Object.keys(beside).map((name) => [name, undefined])) : beside),
        }) as never,
      state: (state) => ({ ...state, trail: nextTrail }),
    });
  const isStale = useIsStale();
  if (cursor === undefined && nextCursor === null) return <p className="muted">{shown}</p>;
  return (
    <nav className="toolbar" aria-label="Paging">
      <span className="muted">{shown}</span>
      <span className="toolbar toolbar-end">
        {cursor === undefined ? null : trail.length === 0 ? (
          <Button onClick={() => go(undefined, [])}>First page</Button>
        ) : (
          <Button icon="chevronLeft" onClick={() => go(trail.at(-1) || undefined, trail.slice(0, -1))}>
            Previous
          </Button>
        )}
        <Button
          disabled={nextCursor === null}
          // Not disabled, so that the focus stays.
          aria-disabled={isStale}
          onClick={() => nextCursor !== null && !isStale && go(nextCursor, [...trail, cursor ?? ""])}
        >
          Next
        </Button>
      </span>
    </nav>
  );
};
