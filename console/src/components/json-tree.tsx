/** JSON as a collapsible tree. Parts are read when they are opened, long lists and texts in steps, so that no document freezes the page. */
import { useMemo, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import { CopyButton } from "./code-block.tsx";
import { entriesOf, type JsonPart, jsonRoot, sourceOf, stringOf } from "./json-source.ts";
import "./json-tree.css";
import { LongText } from "./long-text.tsx";
import { SafeText } from "./safe-text.tsx";

/** Levels that are open at first, and entries shown at once. */
const openLevels = 2;
const entriesStep = 100;

/** A text that may be JSON: as a tree if it is an object or array, else as text. */
export const JsonOrText = ({ text, label }: { text: string; label: string }) => {
  const root = useMemo(() => jsonRoot(text), [text]);
  return root === undefined ? <LongText text={text} label={label} /> : <JsonTree text={text} root={root} label={label} />;
};

const JsonTree = ({ text, root, label }: { text: string; root: JsonPart; label: string }) => (
  <div className="json">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
    <section className="json-scroll" aria-label={label} tabIndex={0}>
      <ul>
        <Entry text={text} entryKey={null} part={root} level={0} />
      </ul>
    </section>
    <CopyButton text={text} label={`Copy ${label}`} />
  </div>
);

type EntryProps = { text: string; entryKey: string | null; part: JsonPart; level: number; index?: number };

const Entry = ({ text, entryKey, part, level, index }: EntryProps) => {
  const name =
    entryKey !== null ? (
      <span className="json-key">
        <SafeText text={entryKey === "" ? '""' : entryKey} isLine />:
      </span>
    ) : index === undefined ? null : (
      <span className="json-index">{index}:</span>
    );
  if (part.kind === "object" || part.kind === "array") return <Container text={text} name={name} part={part} level={level} />;
  return (
    <li className="json-leaf">
      {name} <Leaf text={text} part={part} />
    </li>
  );
};

const Container = ({ text, name, part, level }: { text: string; name: React.ReactNode; part: JsonPart; level: number }) => {
  const [isOpen, setOpen] = useState(level < openLevels);
  const [count, setCount] = useState(entriesStep);
  // Counting reads this part once, not what is inside of its entries.
  const entries = entriesOf(text, part);
  const isArray = part.kind === "array";
  const summary = `${isArray ? "[" : "{"}${entries.length === 0 ? "" : `${entries.length} ${entries.length === 1 ? "item" : "items"}`}${isArray ? "]" : "}"}`;
  if (entries.length === 0)
    return (
      <li className="json-leaf">
        {name} <span className="json-summary">{summary}</span>
      </li>
    );
  return (
    <li>
      <div className="json-head">
        <IconButton
          icon={isOpen ? "chevronDown" : "chevronRight"}
          size="small"
          label={isOpen ? "Close" : "Open"}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        {name} <span className="json-summary">{summary}</span>
        {level === 0 ? null : <CopyButton text={sourceOf(text, part)} label="Copy this part" />}
      </div>
      {isOpen ? (
        <ul>
          {entries.slice(0, count).map(({ key, part: child }, at) => (
            <Entry key={child.start} text={text} entryKey={key} part={child} level={level + 1} {...(isArray && { index: at })} />
          ))}
          {entries.length > count ? (
            <li className="json-leaf">
              <Button size="small" onClick={() => setCount(count + 10 * entriesStep)}>
                Show more of {entries.length}
              </Button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  );
};

const Leaf = ({ text, part }: { text: string; part: JsonPart }) => {
  if (part.kind === "string") return <StringLeaf text={stringOf(text, part)} />;
  return <span className={`json-${part.kind}`}>{sourceOf(text, part)}</span>;
};

const stringStep = 2000;

const StringLeaf = ({ text }: { text: string }) => {
  const [length, setLength] = useState(stringStep);
  return (
    <span className="json-string">
      <SafeText text={text.slice(0, length)} />
      {text.length > length ? (
        <Button size="small" onClick={() => setLength(length + 10 * stringStep)}>
          Show more of {text.length.toLocaleString("en-US")} characters
        </Button>
      ) : null}
    </span>
  );
};
