/** Links of which one is chosen, such as filters by state: each leads to this page with another search. */
import { useNavigate, useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import "./segments.css";

type Search = Record<string, string>;
type Segment = { id: string; title: ReactNode; search: Search; isChosen: boolean };

export const Segments = ({ label, segments }: { label: string; segments: readonly Segment[] }) => {
  const router = useRouter();
  const navigate = useNavigate();
  return (
    <nav className="segments" aria-label={label}>
      {segments.map(({ id, title, search, isChosen }) => (
        <a
          key={id}
          href={router.buildLocation({ to: ".", search: search as never }).href}
          aria-current={isChosen ? "true" : undefined}
          onClick={(event) => {
            if (isOfBrowser(event)) return;
            event.preventDefault();
            void navigate({ to: ".", search: search as never });
          }}
        >
          {title}
        </a>
      ))}
    </nav>
  );
};

/** A press that opens another tab or window. */
const isOfBrowser = ({ metaKey, ctrlKey, shiftKey, altKey, button }: MouseEvent): boolean =>
  metaKey || ctrlKey || shiftKey || altKey || button !== 0;
