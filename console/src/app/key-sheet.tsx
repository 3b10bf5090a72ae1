/** The sheet of keys, opened by `?`. */
import { Dialog } from "../components/dialog.tsx";
import { useRegisteredCommands } from "./commands.ts";
import "./command-palette.css";

/** Keys that belong to components, on every page. */
const everywhere: readonly (readonly [keys: string, title: string])[] = [
  ["Ctrl+K", "Search for pages and actions"],
  ["j ↓", "Next row"],
  ["k ↑", "Previous row"],
  ["Enter", "Open the row"],
  ["Esc", "Close what is open"],
];

export const KeyCaps = ({ keys }: { keys: string }) => (
  <span className="toolbar">
    {keys.split(" ").map((key) => (
      <kbd key={key}>{key}</kbd>
    ))}
  </span>
);

export const KeySheet = ({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) => {
  const commands = useRegisteredCommands().filter(({ keys }) => keys !== undefined);
  const groups = [...new Set(commands.map(({ group }) => group))];
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={onClose}>
      <dl className="keys-list">
        <Rows rows={everywhere} />
      </dl>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          <dl className="keys-list">
            <Rows rows={commands.filter((command) => command.group === group).map(({ keys = "", title }) => [keys, title])} />
          </dl>
        </section>
      ))}
    </Dialog>
  );
};

const Rows = ({ rows }: { rows: readonly (readonly [keys: string, title: string])[] }) =>
  rows.map(([keys, title]) => (
    <div key={keys} className="keys-row">
      <dt>{title}</dt>
      <dd>
        <KeyCaps keys={keys} />
      </dd>
    </div>
  ));
