/** Routes of the console. A page is one entry here, loaded when it is opened, and one in navigation.ts if the sidebar leads to it. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, notFound, Outlet, redirect } from "@tanstack/react-router";
import { Empty, Failed } from "../components/states.tsx";
import { apiKeySearch } from "../features/api-keys/api-key-search.ts";
import { auditSearch } from "../features/audit/audit-search.ts";
import { exportSearch, exportTabSearch } from "../features/exports/export-search.ts";
import { editSearch, integrationSearch, integrationsSearch, newIntegrationSearch } from "../features/integrations/integration-search.ts";
import { modelSearch } from "../features/models/model-search.ts";
import { operatorSearch } from "../features/operator/operator-search.ts";
import { signInSearch, verifySearch } from "../features/sign-in/sign-in-search.ts";
import { tableSearch } from "../features/tables/table-search.ts";
import { endpointSearch, endpointsSearch } from "../features/webhooks/webhook-search.ts";
import { type Account, loadAccount, projectsOf } from "./account.ts";
import { enterProject } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { ProjectShell } from "./project-shell.tsx";
import { rememberedProject } from "./remembered-project.ts";

const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: () => <Empty title="There is no page at this address" />,
  errorComponent: ({ error }) => <Failed error={error} retry={() => window.location.reload()} />,
});

/** Nobody is signed in: they do so first, and come back. */
const accountOr401 = async (href: string): Promise<Account> => {
  try {
    return await loadAccount();
  } catch (error) {
    if (!(error instanceof ApiError) || error.facts.status !== 401) throw error;
    throw redirect({ to: "/sign-in", search: href === "/" ? {} : { next: href }, replace: true });
  }
};

/** Leads to the project that was open last, else to the first. */
const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: async () => {
    const projects = projectsOf(await accountOr401("/"));
    const project = projects.find(({ id }) => id === rememberedProject()) ?? projects[0];
    if (project === undefined) return;
    throw redirect({ to: "/projects/$projectId", params: { projectId: project.id }, replace: true });
  },
  component: () => (
    <Empty icon="key" title="You are in no project yet">
      <p>Ask an owner or admin of your organisation for an invitation.</p>
    </Empty>
  ),
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import("../features/sign-in/sign-in-page.tsx"), "SignInPage"),
});

const verifyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in/verify",
  validateSearch: verifySearch,
  component: lazyRouteComponent(() => import("../features/sign-in/verify-page.tsx"), "VerifyPage"),
});

const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/projects/$projectId",
  beforeLoad: async ({ params: { projectId }, location }) => {
    await enterProject(projectId, location.href);
    const account = await accountOr401(location.href);
    const project = projectsOf(account).find(({ id }) => id === projectId);
    // Foreign and unknown projects look the same.
    if (project === undefined) throw notFound();
    return { account, project };
  },
  component: ProjectShell,
});

const overviewRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/",
  component: lazyRouteComponent(() => import("../features/overview/overview-page.tsx"), "OverviewPage"),
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

const integrationsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/integrations",
  validateSearch: integrationsSearch,
  component: lazyRouteComponent(() => import("../features/integrations/integrations-page.tsx"), "IntegrationsPage"),
});

const newIntegrationRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/integrations/new",
  validateSearch: newIntegrationSearch,
  component: lazyRouteComponent(() => import("../features/integrations/new-integration-page.tsx"), "NewIntegrationPage"),
});

const integrationRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/integrations/$integrationId",
  validateSearch: integrationSearch,
  component: lazyRouteComponent(() => import("../features/integrations/integration-page.tsx"), "IntegrationPage"),
});

const editIntegrationRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/integrations/$integrationId/edit",
  validateSearch: editSearch,
  component: lazyRouteComponent(() => import("../features/integrations/edit-integration-page.tsx"), "EditIntegrationPage"),
});

const endpointsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/webhooks",
  validateSearch: endpointsSearch,
  component: lazyRouteComponent(() => import("../features/webhooks/endpoints-page.tsx"), "EndpointsPage"),
});

const endpointRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/webhooks/$endpointId",
  validateSearch: endpointSearch,
  component: lazyRouteComponent(() => import("../features/webhooks/endpoint-page.tsx"), "EndpointPage"),
});

/** One page for each of these tables; their state in the URL is the same. */
const tablesPage = () => import("../features/tables/tables-page.tsx");

const eventsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/events",
  validateSearch: tableSearch,
  component: lazyRouteComponent(tablesPage, "EventsPage"),
});

const tracesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/traces",
  validateSearch: tableSearch,
  component: lazyRouteComponent(tablesPage, "TracesPage"),
});

const observationsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/observations",
  validateSearch: tableSearch,
  component: lazyRouteComponent(tablesPage, "ObservationsPage"),
});

const scoresRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/scores",
  validateSearch: tableSearch,
  component: lazyRouteComponent(tablesPage, "ScoresPage"),
});

const sessionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/sessions",
  validateSearch: tableSearch,
  component: lazyRouteComponent(tablesPage, "SessionsPage"),
});

const accountRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/account",
  component: lazyRouteComponent(() => import("../features/account/account-page.tsx"), "AccountPage"),
});

const apiKeysRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/api-keys",
  validateSearch: apiKeySearch,
  component: lazyRouteComponent(() => import("../features/api-keys/api-keys-page.tsx"), "ApiKeysPage"),
});

const modelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/models",
  validateSearch: modelSearch,
  component: lazyRouteComponent(() => import("../features/models/models-page.tsx"), "ModelsPage"),
});

const newModelRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/models/new",
  component: lazyRouteComponent(() => import("../features/models/new-model-page.tsx"), "NewModelPage"),
});

const limitsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/limits",
  component: lazyRouteComponent(() => import("../features/limits/limits-page.tsx"), "LimitsPage"),
});

const membersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/members",
  component: lazyRouteComponent(() => import("../features/members/members-page.tsx"), "MembersPage"),
});

const auditRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("../features/audit/audit-page.tsx"), "AuditPage"),
});

const operatorRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/operator",
  validateSearch: operatorSearch,
  component: lazyRouteComponent(() => import("../features/operator/operator-page.tsx"), "OperatorPage"),
});

const routeTree = rootRoute.addChildren([
  homeRoute,
  signInRoute,
  verifyRoute,
  projectRoute.addChildren([
    eventsRoute,
    tracesRoute,
    observationsRoute,
    scoresRoute,
    sessionsRoute,
    overviewRoute,
    exportsRoute,
    exportRoute,
    apiKeysRoute,
    modelsRoute,
    newModelRoute,
    limitsRoute,
    membersRoute,
    auditRoute,
    operatorRoute,
    integrationsRoute,
    newIntegrationRoute,
    integrationRoute,
    editIntegrationRoute,
    endpointsRoute,
    endpointRoute,
    accountRoute,
  ]),
]);

export const router = createRouter({ routeTree, defaultPreload: "intent", defaultPreloadStaleTime: 0, scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
