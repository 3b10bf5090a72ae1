/** A button that opens a small form or list below it. Escape and a press elsewhere close it, and the focus goes back to the button. */
import { type ReactNode, useId, useRef, useState } from "react";
import { placeBelow } from "./place-below.ts";
import "./popover.css";

type PopoverProps = {
  /** Names the panel for screen readers. */
  label: string;
  className: string;
  /** What the button shows. */
  button: ReactNode;
  /** Name of the button where what it shows is not enough. */
  buttonLabel?: string;
  /** Rendered while it is open; `close` closes it. */
  children: (close: () => void) => ReactNode;
};

export const Popover = ({ label, className, button, buttonLabel, children }: PopoverProps) => {
  const id = useId();
  const opener = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => {
    panel.current?.hidePopover();
    opener.current?.focus();
  };
  return (
    <>
      <button ref={opener} type="button" className={className} aria-label={buttonLabel} aria-haspopup="dialog" popoverTarget={id}>
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        className="popover"
        role="dialog"
        aria-label={label}
        popover="auto"
        onBeforeToggle={(event) => {
          if (event.target !== event.currentTarget || event.newState !== "open") return;
          placeBelow(opener.current, panel.current);
          setOpen(true);
        }}
        onToggle={(event) => {
          if (event.target !== event.currentTarget) return;
          if (event.newState === "closed") setOpen(false);
          else panel.current?.querySelector<HTMLElement>("[data-autofocus], input, select, button")?.focus();
        }}
      >
        {isOpen ? children(close) : null}
      </div>
    </>
  );
};
