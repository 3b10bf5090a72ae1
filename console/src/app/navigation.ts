/** The sidebar, in its order, and the keys that lead there. A page without an entry is reached from others only. */
import type { IconName } from "../components/icon.tsx";
import type { Scope } from "./account.ts";

export type NavigationEntry = {
  title: string;
  to: `/projects/$projectId/${"exports" | "events" | "traces" | "observations" | "scores" | "sessions"}`;
  icon: IconName;
  /** Two keys after one another. */
  keys: string;
  /** Without it the API would refuse the page, and the entry is hidden. Null: everyone sees it. */
  scope: Scope | null;
};

export const navigation: readonly { title: string; entries: readonly NavigationEntry[] }[] = [
  {
    title: "Data",
    entries: [
      { title: "Exports", to: "/projects/$projectId/exports", icon: "export", keys: "g x", scope: "batchExports:read" },
      { title: "Events", to: "/projects/$projectId/events", icon: "events", keys: "g e", scope: "traces:read" },
      { title: "Traces", to: "/projects/$projectId/traces", icon: "trace", keys: "g t", scope: "traces:read" },
      { title: "Observations", to: "/projects/$projectId/observations", icon: "observation", keys: "g o", scope: "traces:read" },
      { title: "Scores", to: "/projects/$projectId/scores", icon: "score", keys: "g s", scope: "traces:read" },
      { title: "Sessions", to: "/projects/$projectId/sessions", icon: "session", keys: "g n", scope: "traces:read" },
    ],
  },
];
