/** Text of others: what is hidden in it is shown, and its direction moves nothing around it. */
import { visibleLine, visibleText } from "./visible-text.ts";

export const SafeText = ({ text, isLine = false }: { text: string; isLine?: boolean }) => (
  <bdi dir="auto">{isLine ? visibleLine(text) : visibleText(text)}</bdi>
);
