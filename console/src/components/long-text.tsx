/** Text of any length as it is, shown in steps: a megabyte at once would hold up the page. */
import { useState } from "react";
import { Button } from "./button.tsx";
import { CopyButton } from "./code-block.tsx";
import { countText } from "./quantity.ts";
import { SafeText } from "./safe-text.tsx";

const firstLength = 20_000;
const stepLength = 100_000;

export const LongText = ({ text, label }: { text: string; label: string }) => {
  const [length, setLength] = useState(firstLength);
  const isWhole = text.length <= length;
  return (
    <div className="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
      <section className="code-scroll" aria-label={label} tabIndex={0}>
        <pre className="code-wrapped">
          <SafeText text={isWhole ? text : text.slice(0, length)} />
        </pre>
        {isWhole ? null : (
          <div className="code-more">
            <Button size="small" onClick={() => setLength(length + stepLength)}>
              Show more
            </Button>
            <span className="muted">
              {countText(length)} of {countText(text.length)} characters
            </span>
          </div>
        )}
      </section>
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  );
};
