/**
 * What a person can do right now: pages register commands while they are shown. The palette lists them, keys run them, and the sheet of keys
 * shows those that have some.
 */
import { useEffect, useRef } from "react";
import type { IconName } from "../components/icon.tsx";
import { createStore, useStore } from "./store.ts";

export type Command = {
  id: string;
  title: string;
  group: string;
  icon?: IconName;
  /** One key (`n`), or two after one another (`g e`). */
  keys?: string;
  run: () => void;
};

const registrations = createStore<readonly (readonly Command[])[]>([]);

export const useRegisteredCommands = (): Command[] => useStore(registrations).flat();

/** Registers commands while the component is shown. Their `run` may change with each render; ids, titles and keys decide whether they are new. */
export const useCommands = (commands: readonly Command[]): void => {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  const signature = JSON.stringify(commands);
  // The signature stands for the commands.
  useEffect(() => {
    const registered = commands.map((command) => ({
      ...command,
      run: () => latest.current.find(({ id }) => id === command.id)?.run(),
    }));
    registrations.set([...registrations.get(), registered]);
    return () => registrations.set(registrations.get().filter((each) => each !== registered));
  }, [signature]);
};

/** The second key of a pair must follow within this time. */
const pairMs = 1200;
let first = { key: "", untilMs: 0 };

/** Runs the command of a pressed key, unless the key belongs to a field, a dialog or the browser. */
export const runKey = (event: KeyboardEvent): void => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const pair = event.timeStamp < first.untilMs ? `${first.key} ${event.key}` : undefined;
  const commands = registrations.get().flat().toReversed();
  const command = commands.find(({ keys }) => keys !== undefined && (keys === pair || keys === event.key));
  first = { key: event.key, untilMs: command === undefined ? event.timeStamp + pairMs : 0 };
  if (command === undefined) return;
  event.preventDefault();
  command.run();
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && (target.closest("input, select, textarea, [contenteditable]") !== null || target.closest("dialog") !== null);
