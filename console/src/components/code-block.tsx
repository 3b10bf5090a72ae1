/** Code and ids that people take along. */

import { useState } from "react";
import { announce } from "../app/announce.tsx";
import { IconButton } from "./button.tsx";
import { visibleLine, visibleText } from "./visible-text.ts";
import "./code-block.css";
import { toastFailure } from "./toast.tsx";

/** The label names the code for screen readers, such as "SQL for DuckDB". What is hidden in it is shown, and copied as it is. */
export const CodeBlock = ({ code, label }: { code: string; label: string }) => (
  <div className="code-block">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
    <section className="code-scroll" aria-label={label} tabIndex={0}>
      <pre>
        <code>{visibleText(code)}</code>
      </pre>
    </section>
    <CopyButton text={code} label={`Copy ${label}`} />
  </div>
);

export const CopyText = ({ text, label }: { text: string; label: string }) => (
  <span className="copy-text">
    <span className="mono">{visibleLine(text)}</span>
    <CopyButton text={text} label={`Copy ${label}`} />
  </span>
);

/** The label says what is copied. */
export const CopyButton = ({ text, label }: { text: string; label: string }) => {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce("Copied");
      setTimeout(() => setCopied(false), 1500);
    } catch (error) {
      toastFailure(error);
    }
  };
  return <IconButton icon={isCopied ? "check" : "copy"} size="small" label={label} onClick={() => void copy()} />;
};
