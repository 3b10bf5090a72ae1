/** The project of the page, and what the person may do there. */
import { getRouteApi } from "@tanstack/react-router";
import type { Account, ProjectAccess, Scope } from "./account.ts";

const route = getRouteApi("/projects/$projectId");

export const useProject = (): ProjectAccess => route.useRouteContext().project;
export const useAccount = (): Account => route.useRouteContext().account;

/** Whether the API would allow an action that needs this scope. Pages leave out what it would refuse. */
export const useCan = (): ((scope: Scope | null) => boolean) => {
  const { scopes } = useProject();
  return (scope) => scope === null || scopes.includes(scope);
};
