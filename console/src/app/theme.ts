/** Light, dark, or as the system says. Kept for this browser; public/static/theme.js applies it before the first paint. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const key = "spillway:theme";
const listeners = new Set<() => void>();

const theme = (): Theme => {
  const kept = document.documentElement.dataset["theme"];
  return kept === "light" || kept === "dark" ? kept : "system";
};

export const setTheme = (next: Theme): void => {
  if (next === "system") {
    delete document.documentElement.dataset["theme"];
    localStorage.removeItem(key);
  } else {
    document.documentElement.dataset["theme"] = next;
    localStorage.setItem(key, next);
  }
  for (const listener of listeners) listener();
};

export const useTheme = (): Theme =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
