/** Routes of the console. A page is one entry here, loaded when it is opened, and one in navigation.ts if the sidebar leads to it. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, notFound, Outlet, redirect } from "@tanstack/react-router";
import { Empty, Failed } from "../components/states.tsx";
import { exportSearch, exportTabSearch } from "../features/exports/export-search.ts";
import { loadAccount } from "./account.ts";
import { enterProject } from "./api-client.ts";
import { ProjectShell } from "./project-shell.tsx";
import { rememberedProject } from "./remembered-project.ts";

const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: () => <Empty title="There is no page at this address" />,
  errorComponent: ({ error }) => <Failed error={error} retry={() => window.location.reload()} />,
});

/** Leads to the project that was open last, else to the first. */
const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: async () => {
    const { projects } = await loadAccount();
    const project = projects.find(({ id }) => id === rememberedProject()) ?? projects[0];
    if (project !== undefined) throw redirect({ to: "/projects/$projectId/exports", params: { projectId: project.id }, replace: true });
  },
  component: () => (
    <Empty icon="key" title="You are in no project yet">
      <p>Ask an owner or admin of your organization for an invitation.</p>
    </Empty>
  ),
});

const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/projects/$projectId",
  beforeLoad: async ({ params: { projectId }, location }) => {
    await enterProject(projectId, location.href);
    const account = await loadAccount();
    const project = account.projects.find(({ id }) => id === projectId);
    // Foreign and unknown projects look the same.
    if (project === undefined) throw notFound();
    return { account, project };
  },
  component: ProjectShell,
});

const exportsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/exports",
  validateSearch: exportSearch,
  component: lazyRouteComponent(() => import("../features/exports/exports-page.tsx"), "ExportsPage"),
});

const exportRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/exports/$exportId",
  validateSearch: exportTabSearch,
  component: lazyRouteComponent(() => import("../features/exports/export-page.tsx"), "ExportPage"),
});

const routeTree = rootRoute.addChildren([homeRoute, projectRoute.addChildren([exportsRoute, exportRoute])]);

export const router = createRouter({ routeTree, defaultPreload: "intent", defaultPreloadStaleTime: 0, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
