/** Which project the page is about. Choosing another one loads the console anew: see api-client.ts. */
import { getRouteApi } from "@tanstack/react-router";
import { Icon } from "../components/icon.tsx";
import { Menu } from "../components/menu.tsx";
import "./project-switcher.css";
import { projectsOf } from "./account.ts";
import { useProject } from "./use-project.ts";

const route = getRouteApi("/projects/$projectId");

export const ProjectSwitcher = () => {
  const project = useProject();
  const projects = projectsOf(route.useRouteContext().account);
  return (
    <Menu
      label="Change project"
      isNamedByContent
      className="project-switcher"
      title="Projects"
      items={projects.map(({ id, name, organization }) => ({
        id,
        title: name,
        note: organization.name,
        isChosen: id === project.id,
        href: `/projects/${encodeURIComponent(id)}/exports`,
      }))}
    >
      <span className="project-mark" aria-hidden="true">
        {[...project.name][0]?.toUpperCase()}
      </span>
      <span className="project-names">
        <span className="truncate">{project.name}</span>
        <span className="truncate">{project.organization.name}</span>
      </span>
      <span className="visually-hidden">Change project</span>
      <Icon name="chevronUpDown" size={14} />
    </Menu>
  );
};
