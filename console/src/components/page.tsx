/** Frame of a page inside the shell: its title (also of the tab), what can be done, and its body. */

import { type ReactNode, useEffect } from "react";
import { SafeText } from "./safe-text.tsx";
import { visibleLine } from "./visible-text.ts";

type PageProps = {
  /** Also the title of the tab. */
  title: string;
  /** Above the title, such as a link to the list. */
  trail?: ReactNode;
  /** Beside the title, such as a status. */
  beside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
};

export const Page = ({ title, trail, beside, actions, children }: PageProps) => {
  useEffect(() => {
    document.title = `${visibleLine(title)} · Spillway`;
  }, [title]);
  return (
    <>
      <header className="page-header">
        {trail}
        <div className="page-heading toolbar">
          {/* Takes the focus after a change of page: see app/shell.tsx. */}
          <h1 tabIndex={-1}>
            <SafeText text={title} isLine />
          </h1>
          {beside}
        </div>
        {actions === undefined ? null : <div className="page-actions">{actions}</div>}
      </header>
      <div className="page-body">{children}</div>
    </>
  );
};
