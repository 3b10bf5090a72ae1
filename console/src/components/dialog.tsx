/** Modal dialogs: the browser keeps the focus inside, closes them with Escape, and gives the focus back. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button, IconButton } from "./button.tsx";
import { classNames } from "./class-names.ts";
import "./dialog.css";
import { FailedNotice } from "./states.tsx";

type DialogProps = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  isWide?: boolean;
  /** For a whole task: as wide and high as the window allows. */
  isFull?: boolean;
  children: ReactNode;
  footer?: ReactNode;
};

export const Dialog = ({ isOpen, ...props }: DialogProps) => (isOpen ? <OpenDialog {...props} /> : null);

const OpenDialog = ({ title, onClose, isWide = false, isFull = false, children, footer }: Omit<DialogProps, "isOpen">) => {
  const titleId = useId();
  const ref = useModal();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, too.
    <dialog
      ref={ref}
      className={classNames("dialog", isWide && "dialog-wide", isFull && "dialog-full")}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && isOutside(event.currentTarget, event) && onClose()}
    >
      <div className="dialog-header">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" size="small" label="Close" onClick={onClose} />
      </div>
      <div className="dialog-body">{children}</div>
      {footer === undefined ? null : <div className="dialog-footer">{footer}</div>}
    </dialog>
  );
};

/** Opens the dialog of a component while it is shown, and gives the focus back to where it was. */
export const useModal = () => {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return ref;
};

/** A press on the backdrop has the dialog as its target, but lies outside of its box. */
export const isOutside = (dialog: HTMLDialogElement, { clientX, clientY }: { clientX: number; clientY: number }): boolean => {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
};

type ConfirmProps = Omit<DialogProps, "footer"> & {
  /** What the button says: the verb, as in the title. */
  action: string;
  isDangerous?: boolean;
  isBusy: boolean;
  /** Of the last attempt. */
  error: unknown;
  onConfirm: () => void;
};

/** Asks before what cannot be undone. */
export const ConfirmDialog = ({ action, isDangerous = false, isBusy, error, onConfirm, children, ...dialog }: ConfirmProps) => (
  <Dialog
    {...dialog}
    footer={
      <>
        <Button onClick={dialog.onClose}>Keep it</Button>
        <Button variant={isDangerous ? "danger" : "primary"} isBusy={isBusy} onClick={onConfirm}>
          {action}
        </Button>
      </>
    }
  >
    {children}
    {error === null ? null : <FailedNotice error={error} />}
  </Dialog>
);
