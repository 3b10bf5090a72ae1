/** Sets up the generated client once: which project a request is about, and what a failure becomes. */
import { client } from "../generated/client.gen.ts";
import { ApiError } from "./api-error.ts";

let currentProject: string | null = null;

/**
 * Requests from now on are about this project; the route of a project calls it before its pages load. One load of the page belongs to one
 * project, so that no answer about one is ever shown under another: for a second one the browser loads the page anew, and this never ends.
 */
export const enterProject = async (projectId: string, href: string): Promise<void> => {
  if (currentProject !== null && currentProject !== projectId) {
    window.location.assign(href);
    await new Promise(() => {});
  }
  currentProject = projectId;
};

client.setConfig({ baseUrl: "", credentials: "same-origin" });

// No form of another site can send this header, so it also keeps foreign pages out.
client.interceptors.request.use((request) => {
  if (currentProject !== null && !request.headers.has("x-spillway-project")) request.headers.set("x-spillway-project", currentProject);
  return request;
});

client.interceptors.error.use((error, response) => ApiError.of(error, response));
