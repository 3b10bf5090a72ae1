/** Frame of the pages of a project: sidebar, content, palette, sheet of keys, messages. */
import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Toasts } from "../components/toast.tsx";
import { Announcer } from "./announce.tsx";
import { CommandPalette } from "./command-palette.tsx";
import { type Command, runKey, useCommands } from "./commands.ts";
import { KeySheet } from "./key-sheet.tsx";
import { navigationFor } from "./navigation.ts";
import { queryClient } from "./query-client.ts";
import { rememberProject } from "./remembered-project.ts";
import { Sidebar } from "./sidebar.tsx";
import { setTheme, themes } from "./theme.ts";
import { useAccount, useProject } from "./use-project.ts";

export const ProjectShell = () => {
  const { id } = useProject();
  const [overlay, setOverlay] = useState<"palette" | "keys" | null>(null);
  useEffect(() => rememberProject(id), [id]);
  useGlobalKeys(() => setOverlay("palette"));
  useGlobalCommands(setOverlay);
  useFocusOnNewPage();
  return (
    <QueryClientProvider client={queryClient}>
      <button type="button" className="skip-link" onClick={() => content()?.focus()}>
        Skip to content
      </button>
      <div className="frame">
        <Sidebar onSearch={() => setOverlay("palette")} />
        <main className="page" id="content" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      {overlay === "palette" ? <CommandPalette onClose={() => setOverlay(null)} /> : null}
      <KeySheet isOpen={overlay === "keys"} onClose={() => setOverlay(null)} />
      <Toasts />
      <Announcer />
    </QueryClientProvider>
  );
};

const content = (): HTMLElement | null => document.getElementById("content");

const useGlobalKeys = (openPalette: () => void): void => {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return runKey(event);
      event.preventDefault();
      openPalette();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
};

const useGlobalCommands = (open: (overlay: "palette" | "keys") => void): void => {
  const router = useRouter();
  const account = useAccount();
  const project = useProject();
  const { id: projectId } = project;
  const pages = navigationFor(account, project)
    .flatMap(({ entries }) => entries)
    .map(
      ({ title, to, icon, keys }): Command => ({
        id: to,
        title: `Go to ${title}`,
        group: "Pages",
        icon,
        keys,
        run: () => void router.navigate({ to, params: { projectId } }),
      }),
    );
  const looks = themes.map(
    (theme): Command => ({
      id: `theme-${theme}`,
      title: theme === "system" ? "Theme of the system" : `${theme === "light" ? "Light" : "Dark"} theme`,
      group: "Look",
      icon: theme === "system" ? "screen" : theme === "light" ? "sun" : "moon",
      run: () => setTheme(theme),
    }),
  );
  useCommands([
    ...pages,
    ...looks,
    { id: "docs", title: "API reference", group: "Help", icon: "docs", run: () => window.location.assign("/docs") },
    { id: "keys", title: "Keys", group: "Help", icon: "key", keys: "?", run: () => open("keys") },
  ]);
};

/** After a change of page the focus is at its title, so that screen readers say it and Tab goes on from there. */
const useFocusOnNewPage = (): void => {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ pathChanged, fromLocation }) => {
        if (!pathChanged || fromLocation === undefined) return;
        // A page that is still loading has no title yet.
        (document.querySelector<HTMLElement>("h1") ?? content())?.focus({ preventScroll: true });
      }),
    [router],
  );
};
