/** Details beside a table, which stays usable. Escape closes it from anywhere on the page, and gives the focus back to the row. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { SafeText } from "./safe-text.tsx";
import "./drawer.css";

type DrawerProps = { title: string; isWide?: boolean; onClose: () => void; actions?: ReactNode; children: ReactNode };

export const Drawer = ({ title, isWide = false, onClose, actions, children }: DrawerProps) => {
  const titleId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      // A dialog or menu above it closes first.
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], :popover-open") !== null) return;
      close.current();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside className={classNames("drawer", isWide && "drawer-wide")} aria-labelledby={titleId}>
      <div className="drawer-header">
        <h2 id={titleId} ref={heading} tabIndex={-1}>
          <SafeText text={title} isLine />
        </h2>
        {actions}
        <IconButton icon="close" label="Close" onClick={onClose} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
      <section className="drawer-body" aria-label={title} tabIndex={0}>
        {children}
      </section>
    </aside>
  );
};
