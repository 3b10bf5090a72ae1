/** A button with a list of actions. Arrows move, Escape closes; the browser puts it above everything and closes it with a press elsewhere. */
import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./menu.css";
import { placeBelow } from "./place-below.ts";

export type MenuItem = {
  id: string;
  title: string;
  /** Second line, muted. */
  note?: string;
  icon?: IconName;
  isDangerous?: boolean;
  isDisabled?: boolean;
  /** Marks one of several choices. */
  isChosen?: boolean;
} & ({ onSelect: () => void; href?: never } | { href: string; onSelect?: never });

type MenuProps = {
  /** Name of the menu, and of the button unless `isNamedByContent`. */
  label: string;
  /** The button's content says what it is. */
  isNamedByContent?: boolean;
  className?: string;
  /** Heading inside of the menu. */
  title?: string;
  items: readonly MenuItem[];
  /** What the button shows. */
  children: ReactNode;
};

export const Menu = ({ label, isNamedByContent = false, className, title, items, children }: MenuProps) => {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const close = () => list.current?.hidePopover();
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={isNamedByContent ? undefined : label}
        aria-haspopup="menu"
        popoverTarget={id}
      >
        {children}
      </button>
      <div
        ref={list}
        id={id}
        className="menu"
        role="menu"
        aria-label={title ?? label}
        tabIndex={-1}
        popover="auto"
        onBeforeToggle={(event) => event.newState === "open" && placeBelow(button.current, list.current)}
        onToggle={(event) => event.newState === "open" && itemsOf(list.current)[0]?.focus()}
        onKeyDown={moveAmongItems}
      >
        {title === undefined ? null : <div className="menu-title">{title}</div>}
        {items.map((item) => (
          <Item key={item.id} item={item} close={close} />
        ))}
      </div>
    </>
  );
};

const Item = ({
  item: { title, note, icon, isDangerous, isDisabled, isChosen, href, onSelect },
  close,
}: {
  item: MenuItem;
  close: () => void;
}) => {
  const props = {
    role: isChosen === undefined ? "menuitem" : "menuitemradio",
    "aria-checked": isChosen,
    className: classNames("menu-item", isDangerous && "menu-item-danger"),
    tabIndex: -1,
  };
  const content = (
    <>
      {icon === undefined ? null : <Icon name={icon} />}
      <span className="menu-item-text">
        <span>{title}</span>
        {note === undefined ? null : <span>{note}</span>}
      </span>
      {isChosen ? <Icon name="check" /> : null}
    </>
  );
  if (href !== undefined)
    return (
      <a {...props} href={href}>
        {content}
      </a>
    );
  const select = () => {
    if (isDisabled) return;
    close();
    onSelect?.();
  };
  return (
    <button {...props} type="button" aria-disabled={isDisabled || undefined} onClick={select}>
      {content}
    </button>
  );
};

const itemsOf = (list: HTMLElement | null): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];

const moveAmongItems = (event: KeyboardEvent<HTMLElement>): void => {
  const items = itemsOf(event.currentTarget);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") (event.currentTarget as HTMLElement).hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
};
