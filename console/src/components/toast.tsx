/** Short messages about what was just done. They say it to screen readers, too. Failures stay until they are closed. */
import { factsOf } from "../app/api-error.ts";
import { createStore, useStore } from "../app/store.ts";
import { IconButton } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import "./toast.css";

type Toast = { id: number; tone: "success" | "danger"; text: string };

const shown = createStore<readonly Toast[]>([]);
const shownMs = 6000;
let lastId = 0;

const close = (closed: number): void => shown.set(shown.get().filter(({ id }) => id !== closed));

export const toast = (text: string): void => {
  const id = ++lastId;
  shown.set([...shown.get().slice(-2), { id, tone: "success", text }]);
  setTimeout(() => close(id), shownMs);
};

export const toastFailure = (error: unknown): void => {
  const { title, detail, help, requestId } = factsOf(error);
  const text = [detail || title, help, requestId === null ? "" : `Request ${requestId}`].filter((part) => part !== "").join(" ");
  shown.set([...shown.get().slice(-2), { id: ++lastId, tone: "danger", text }]);
};

export const Toasts = () => (
  <section className="toasts" aria-label="Messages" aria-live="polite">
    {useStore(shown).map(({ id, tone, text }) => (
      <div key={id} className={classNames("toast", `toast-${tone}`)}>
        <Icon name={tone === "success" ? "check" : "warning"} size={14} />
        <p>{text}</p>
        <IconButton icon="close" size="small" label="Close message" onClick={() => close(id)} />
      </div>
    ))}
  </section>
);
