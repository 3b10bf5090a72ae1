/** Modal dialogs: the browser keeps the focus inside, closes them with Escape, and gives the focus back. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button, IconButton } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { SafeText } from "./safe-text.tsx";
import "./dialog.css";
import "./field.css";
import { FailedNotice } from "./states.tsx";

type DialogProps = {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  isWide?: boolean;
  /** A press outside does not close it: what it holds would be lost. */
  isKept?: boolean;
  /** For a whole task: as wide and high as the window allows. */
  isFull?: boolean;
  children: ReactNode;
  footer?: ReactNode;
};

export const Dialog = ({ isOpen, ...props }: DialogProps) => (isOpen ? <OpenDialog {...props} /> : null);

const OpenDialog = ({ title, onClose, isWide = false, isKept = false, isFull = false, children, footer }: Omit<DialogProps, "isOpen">) => {
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
      onClick={(event) => !isKept && event.target === event.currentTarget && isOutside(event.currentTarget, event) && onClose()}
    >
      <div className="dialog-header">
        <h2 id={titleId}>
          <SafeText text={title} isLine />
        </h2>
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

type FormProps = Omit<DialogProps, "footer" | "isKept"> & {
  /** What the button says: a verb. */
  action: string;
  isBusy: boolean;
  /** Of the last attempt, unless fields show it. */
  error: unknown;
  onSubmit: () => void;
};

/** A form in a dialog. A press outside keeps it, because what was typed would be lost. */
export const FormDialog = ({ action, isBusy, error, onSubmit, children, ...dialog }: FormProps) => {
  const formId = useId();
  return (
    <Dialog
      {...dialog}
      isKept
      footer={
        <>
          <Button onClick={dialog.onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={formId} isBusy={isBusy}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) onSubmit();
        }}
      >
        {children}
        {error === null ? null : <FailedNotice error={error} />}
      </form>
    </Dialog>
  );
};
