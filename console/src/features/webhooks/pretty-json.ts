/** Indents JSON; what is none stays as it is. Numbers are not read, so that none is rounded. */
export const prettyJson = (text: string): string => {
  try {
    JSON.parse(text);
  } catch {
    // Receivers answer whatever they like.
    return text;
  }
  return indented(text);
};

const indented = (text: string): string => {
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+|[^\s{}[\],:"]+/g, (token) => {
    if (/^\s/.test(token)) return "";
    if (/^[{[]\s*[}\]]$/.test(token)) return token.replaceAll(/\s/g, "");
    if (token === "{" || token === "[") {
      depth++;
      return token + line();
    }
    if (token === "}" || token === "]") {
      depth--;
      return line() + token;
    }
    if (token === ",") return token + line();
    return token === ":" ? ": " : token;
  });
};
