/**
 * S3: parses stores' XML answers: with or without prefixes, with character references, never with custom entities. Memory: the document.
 */
import { XMLParser } from "fast-xml-parser";

export type XmlElement = { [name: string]: XmlNode };
type XmlNode = string | XmlElement | XmlNode[];

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  // Keys and ids are text even if they look like numbers, and spaces around them are significant.
  parseTagValue: false,
  trimValues: false,
  // Also decodes numeric character references.
  htmlEntities: true,
});

/**
 * Returns the document as elements by name; undefined if it is not XML. Refuses documents that declare entities: stores never need them,
 * attackers do.
 */
export const parseXml = (text: string): XmlElement | undefined => {
  if (text.trim() === "" || /<!(?:DOCTYPE|ENTITY)/i.test(text)) return undefined;
  try {
    return toElement(parser.parse(text));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
};

/** Holds because the parser returns nested records of strings, and lists of them where a name repeats. */
const toElement = (value: unknown): XmlElement => value as XmlElement;

const childrenOf = (node: XmlNode): [string, XmlNode][] =>
  typeof node === "string"
    ? []
    : Array.isArray(node)
      ? node.flatMap(childrenOf)
      : Object.entries(node).flatMap(([name, child]): [string, XmlNode][] =>
          Array.isArray(child) ? child.map((one): [string, XmlNode] => [name, one]) : [[name, child]],
        );

/** Returns the root's name and content; skips the XML declaration. */
export const rootOf = (document: XmlElement | undefined): { name: string; root: XmlElement } | undefined => {
  const found = childrenOf(document ?? {}).find(([name, node]) => !name.startsWith("?") && name !== "#text" && !Array.isArray(node));
  if (found === undefined) return undefined;
  const [name, node] = found;
  return { name, root: typeof node === "string" ? { "#text": node } : toElement(node) };
};

/** Returns the text of the child with this name. */
export const textOf = (element: XmlElement | undefined, name: string): string | undefined => {
  const child = element?.[name];
  const first = Array.isArray(child) ? child[0] : child;
  if (first === undefined) return undefined;
  const text = typeof first === "string" ? first : Array.isArray(first) ? undefined : first["#text"];
  return typeof text === "string" ? text : "";
};

/** Returns the children with this name that have children themselves. */
export const elementsOf = (element: XmlElement | undefined, name: string): XmlElement[] =>
  childrenOf(element ?? {}).flatMap(([own, node]): XmlElement[] => (own === name && typeof node !== "string" ? [toElement(node)] : []));

/** Returns the text of a child of the root, whatever the root's name. */
export const tag = (xml: string, name: string): string | undefined => textOf(rootOf(parseXml(xml))?.root, name);
