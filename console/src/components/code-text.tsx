/** A sentence of the API, in which backticks mark what is written as it stands: `LANGFUSE_S3_…`. */
import { visibleText } from "./visible-text.ts";

export const CodeText = ({ text }: { text: string }) =>
  text.split("`").map((part, at) => {
    // A part has no name but its place.
    const key = `${at}`;
    return at % 2 === 1 ? <code key={key}>{visibleText(part)}</code> : visibleText(part);
  });
