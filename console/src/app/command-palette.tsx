/** Everything a person can do here, found by a few letters. Ctrl-K or Cmd-K opens it. */
import { useId, useState } from "react";
import { isOutside, useModal } from "../components/dialog.tsx";
import { Icon } from "../components/icon.tsx";
import "./command-palette.css";
import { type Command, useRegisteredCommands } from "./commands.ts";
import { KeyCaps } from "./key-sheet.tsx";
import { matchScore } from "./match-score.ts";

export const CommandPalette = ({ onClose }: { onClose: () => void }) => {
  const listId = useId();
  const dialog = useModal();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = bestFirst(useRegisteredCommands(), text);
  const chosen = found[at];
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    // After the dialog has given the focus back: the command may move it.
    setTimeout(command.run);
  };
  const move = (event: { key: string; preventDefault: () => void }) => {
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + found.length }[event.key];
    if (next === undefined || found.length === 0) return;
    event.preventDefault();
    setAt(next % found.length);
    document.getElementById(`${listId}-${next % found.length}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, too.
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && isOutside(event.currentTarget, event) && onClose()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(chosen);
        }}
      >
        <input
          className="palette-input"
          role="combobox"
          aria-label="Search for pages and actions"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={chosen === undefined ? undefined : `${listId}-${at}`}
          placeholder="Search for pages and actions"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={move}
        />
      </form>
      <div className="palette-list" id={listId} role="listbox" aria-label="Pages and actions">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys act in the field above.
          <div
            key={command.id}
            id={`${listId}-${index}`}
            className="palette-option"
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => run(command)}
            onPointerMove={() => setAt(index)}
          >
            {command.icon === undefined ? null : <Icon name={command.icon} />}
            {command.title}
            <span className="palette-group">{command.group}</span>
            {command.keys === undefined ? null : <KeyCaps keys={command.keys} />}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className="palette-empty">Nothing is called “{text}”.</p> : null}
    </dialog>
  );
};

const bestFirst = (commands: readonly Command[], text: string): Command[] =>
  commands
    .map((command) => ({ command, score: matchScore(`${command.title} ${command.group}`, text) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ command }) => command);
