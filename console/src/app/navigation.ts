/** The sidebar, in its order, and the keys that lead there. A page without an entry is reached from others only. */
import type { IconName } from "../components/icon.tsx";

export type NavigationEntry = {
  title: string;
  to: "/projects/$projectId/exports";
  icon: IconName;
  /** Two keys after one another. */
  keys: string;
  /** Without it the page would be refused; the entry is hidden then. */
  scope: string;
};

export const navigation: readonly { title: string; entries: readonly NavigationEntry[] }[] = [
  {
    title: "Data",
    entries: [{ title: "Exports", to: "/projects/$projectId/exports", icon: "export", keys: "g x", scope: "batchExports:read" }],
  },
];
