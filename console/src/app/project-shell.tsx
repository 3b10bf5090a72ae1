/** Frame of the pages of a project: sidebar and content. */
import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { queryClient } from "./query-client.ts";

export const ProjectShell = () => (
  <QueryClientProvider client={queryClient}>
    <main className="page" id="content" tabIndex={-1}>
      <Outlet />
    </main>
  </QueryClientProvider>
);
