/** Answers of stores as XML: with or without prefixes, with character references, never with entities of their own. Memory: the document. */
import { XMLParser } from "fast-xml-parser";

export type XmlElement = { [name: string]: XmlNode };
type XmlNode = string | XmlElement | XmlNode[];

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  // Keys and ids are text, however much they look like numbers, and spaces around them are theirs.
  parseTagValue: false,
  trimValues: false,
  // Also character references by number.
  htmlEntities: true,
});

/** The document as elements by name; undefined where it is none. What declares entities is refused: stores have no use for them, attackers have. */
export const parseXml = (text: string): XmlElement | undefined => {
  if (text.trim() === "" || /<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  try {
    return toElement(parser.parse(text));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
};

/** What the parser gives is nested records of texts, and lists of them where a name comes twice. */
const toElement = (value: unknown): XmlElement => value as XmlElement;

const childrenOf = (node: XmlNode): [string, XmlNode][] =>
  typeof node === "string"
    ? []
    : Array.isArray(node)
      ? node.flatMap(childrenOf)
      : Object.entries(node).flatMap(([name, child]): [string, XmlNode][] =>
          Array.isArray(child) ? child.map((one): [string, XmlNode] => [name, one]) : [[name, child]],
        );

/** The root's name and content; the declaration is none. */
export const rootOf = (document: XmlElement | undefined): { name: string; root: XmlElement } | undefined => {
  const found = childrenOf(document ?? {}).find(([name, node]) => !name.startsWith("?") && name !== "#text" && !Array.isArray(node));
  if (found === undefined) return undefined;
  const [name, node] = found;
  return { name, root: typeof node === "string" ? { "#text": node } : toElement(node) };
};

/** Text of the child of this name. */
export const textOf = (element: XmlElement | undefined, name: string): string | undefined => {
  const child = element?.[name];
  const first = Array.isArray(child) ? child[0] : child;
  if (first === undefined) return undefined;
  const text = typeof first === "string" ? first : Array.isArray(first) ? undefined : first["#text"];
  return typeof text === "string" ? text : "";
};

/** Children of this name that have children themselves. */
export const elementsOf = (element: XmlElement | undefined, name: string): XmlElement[] =>
  childrenOf(element ?? {}).flatMap(([own, node]): XmlElement[] => (own === name && typeof node !== "string" ? [toElement(node)] : []));

/** Text of the child of the root, whatever the root is called. */
export const tag = (xml: string, name: string): string | undefined => textOf(rootOf(parseXml(xml))?.root, name);
