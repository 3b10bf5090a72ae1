/** Sidebar: the project, its pages, and what belongs to the person. */
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Icon } from "../components/icon.tsx";
import { Menu } from "../components/menu.tsx";
import { useSignOut } from "../features/account/use-sign-out.ts";
import { navigation } from "./navigation.ts";
import { ProjectSwitcher } from "./project-switcher.tsx";
import { setTheme, themes, useTheme } from "./theme.ts";
import { useCan, useProject } from "./use-project.ts";

const themeIcons = { system: "screen", light: "sun", dark: "moon" } as const;
const themeTitles = { system: "As the system", light: "Light", dark: "Dark" } as const;

const route = getRouteApi("/projects/$projectId");

const AccountMenu = () => {
  const { email } = route.useRouteContext().account.user;
  const { id: projectId } = useProject();
  const navigate = useNavigate();
  const signOut = useSignOut();
  return (
    <Menu
      label={`Your account, ${email}`}
      className="nav-link"
      title={email}
      items={[
        {
          id: "account",
          title: "Your account",
          icon: "members",
          onSelect: () => void navigate({ to: "/projects/$projectId/account", params: { projectId } }),
        },
        { id: "sign-out", title: "Sign out", icon: "signOut", onSelect: () => signOut.mutate({}) },
      ]}
    >
      <Icon name="members" />
      <span className="truncate">{email}</span>
    </Menu>
  );
};

const isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent);

export const Sidebar = ({ onSearch }: { onSearch: () => void }) => {
  const { id: projectId } = useProject();
  const can = useCan();
  const theme = useTheme();
  const groups = navigation.map(({ title, entries }) => ({ title, entries: entries.filter(({ scope }) => can(scope)) }));
  return (
    <header className="sidebar">
      <ProjectSwitcher />
      <button type="button" className="nav-link" onClick={onSearch}>
        <Icon name="search" />
        Search
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Pages">
        {groups.map(({ title, entries }) =>
          entries.length === 0 ? null : (
            <div key={title} className="nav-group">
              <div className="nav-group-title">{title}</div>
              {entries.map((entry) => (
                <Link key={entry.to} to={entry.to} params={{ projectId }} className="nav-link" activeOptions={{ includeSearch: false }}>
                  <Icon name={entry.icon} />
                  {entry.title}
                </Link>
              ))}
            </div>
          ),
        )}
      </nav>
      <div className="sidebar-foot">
        <a className="nav-link" href="/docs">
          <Icon name="docs" />
          API reference
        </a>
        <Menu
          label={`Theme: ${themeTitles[theme]}`}
          className="nav-link"
          title="Theme"
          items={themes.map((each) => ({
            id: each,
            title: themeTitles[each],
            icon: themeIcons[each],
            isChosen: each === theme,
            onSelect: () => setTheme(each),
          }))}
        >
          <Icon name={themeIcons[theme]} />
          Theme
        </Menu>
        <AccountMenu />
      </div>
    </header>
  );
};
