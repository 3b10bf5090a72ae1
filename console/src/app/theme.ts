/** Light, dark, or as the system says. Kept for this browser; public/static/theme.js applies it before the first paint. */
import { createStore, useStore } from "./store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "spillway:theme";
const applied = document.documentElement.dataset["theme"];
const theme = createStore<Theme>(applied === "light" || applied === "dark" ? applied : "system");

export const useTheme = (): Theme => useStore(theme);

export const setTheme = (next: Theme): void => {
  if (next === "system") {
    delete document.documentElement.dataset["theme"];
    localStorage.removeItem(key);
  } else {
    document.documentElement.dataset["theme"] = next;
    localStorage.setItem(key, next);
  }
  theme.set(next);
};
