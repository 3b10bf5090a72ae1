/** Sidebar: the project, its pages, and what belongs to the person. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Icon } from "../components/icon.tsx";
import { Menu } from "../components/menu.tsx";
import { useSignOut } from "../features/account/use-sign-out.ts";
import { navigationFor } from "./navigation.ts";
import { ProjectSwitcher } from "./project-switcher.tsx";
import { setTheme, themes, useTheme } from "./theme.ts";
import { useAccount, useProject } from "./use-project.ts";

const themeIcons = { system: "screen", light: "sun", dark: "moon" } as const;
const themeTitles = { system: "As the system", light: "Light", dark: "Dark" } as const;

const AccountMenu = () => {
  const { email } = useAccount().user;
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
  const project = useProject();
  const { id: projectId } = project;
  const account = useAccount();
  const theme = useTheme();
  return (
    <header className="sidebar">
      <ProjectSwitcher />
      <button type="button" className="nav-link" onClick={onSearch}>
        <Icon name="search" />
        Search
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Pages">
        {navigationFor(account, project).map(({ title, entries }) => (
          <div key={title} className="nav-group">
            {title === null ? null : <div className="nav-group-title">{title}</div>}
            {entries.map(({ title: name, to, icon }) => (
              <Link
                key={to}
                to={to}
                params={{ projectId }}
                className="nav-link"
                activeOptions={{ includeSearch: false, exact: to === "/projects/$projectId" }}
              >
                <Icon name={icon} />
                {name}
              </Link>
            ))}
          </div>
        ))}
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
