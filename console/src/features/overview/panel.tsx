/** A titled part of the overview. */
import { type ReactNode, useId } from "react";

type PanelProps = { title: string; beside?: ReactNode; isFlush?: boolean; children: ReactNode };

/** Flush: lists reach its edges. */
export const Panel = ({ title, beside, isFlush = false, children }: PanelProps) => {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-header">
        <h2 id={id}>{title}</h2>
        {beside}
      </div>
      {isFlush ? children : <div className="panel-body">{children}</div>}
    </section>
  );
};
