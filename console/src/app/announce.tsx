/** Says what changed to screen readers, where sighted readers see it. */
import { createStore, useStore } from "./store.ts";

const said = createStore("");

export const announce = (text: string): void => {
  // The same sentence twice is said twice.
  said.set(said.get() === text ? `${text}\u00a0` : text);
};

export const Announcer = () => (
  <div className="visually-hidden" role="status">
    {useStore(said)}
  </div>
);
