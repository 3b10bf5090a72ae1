/**
 * Ingestion: builds the object keys of event files. Ids come from callers; every segment is safe in any store, and no two ids share one.
 */
import type { EntityType } from "./event.ts";

export type Sha256Hex = (text: string) => string;

const hashCharacters = 16;
const markBytes = hashCharacters + 1;
const extension = ".json";

/**
 * Returns an id as a key segment of at most `segmentBytesMax` UTF-8 bytes (minimum 64). Slashes, backslashes, control characters and lone
 * surrogates become `_`. A changed, overlong or dots-only id, or one that looks hashed, ends in `_` and 16 hash digits.
 */
export const safeBlobKeySegment = (id: string, segmentBytesMax: number, sha256Hex: Sha256Hex): string => {
  const safe = id.replaceAll(/[/\\\p{Cc}]/gu, "_").replaceAll(/\p{Surrogate}/gu, "_");
  const isItself = safe === id && bytesOf(id) <= segmentBytesMax && !/^\.*$/.test(id) && !/_[0-9a-f]{16}$/.test(id);
  return isItself ? id : `${cutBytes(safe, segmentBytesMax - markBytes)}_${sha256Hex(id).slice(0, hashCharacters)}`;
};

/** Returns the folder that holds all files of an entity, with a trailing slash: the prefix to list. */
export const entityFolder = (
  entity: { prefix: string; projectId: string; entityType: EntityType; entityId: string },
  segmentBytesMax: number,
  sha256Hex: Sha256Hex,
): string => `${projectPrefix(entity)}${entity.entityType}/${safeBlobKeySegment(entity.entityId, segmentBytesMax, sha256Hex)}/`;

type Owner = { prefix: string; projectId: string };

/** The prefix of all files of a project's entities. It ends in a slash, so no other project's id begins with it. */
export const projectPrefix = ({ prefix, projectId }: Owner): string => `${prefix}${projectId}/`;

/** The prefix of all OpenTelemetry requests of a project. */
export const otelPrefix = ({ prefix, projectId }: Owner): string => `${prefix}otel/${projectId}/`;

/** `2026/05/01/12/00/`: keys of requests sort by the minute they arrived in. */
const minuteFolder = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replaceAll(/[-T:]/g, "/")}/`;

/** The key of one stored OpenTelemetry request, or of one part of it. */
export const otelRequestKey = ({ atMs, id, ...owner }: Owner & { atMs: number; id: string }): string =>
  `${otelPrefix(owner)}${minuteFolder(atMs)}${id}${extension}`;

/** All requests that arrived before the minute of the instant have smaller keys than this one. */
export const otelKeysEnd = ({ beforeMs, ...owner }: Owner & { beforeMs: number }): string =>
  `${otelPrefix(owner)}${minuteFolder(beforeMs)}`;

/**
 * Whether the file is an OpenTelemetry request and not a group of events. Both `otel` and a prefix may be the id of a project, so the
 * minute decides: no type of entity looks like one.
 */
export const isOtelKey = (fileKey: string): boolean => otelKey.test(fileKey);

/** The same in Postgres's regular expressions. */
export const otelKeyPattern = "(^|/)otel/[^/]+/[0-9]{4}(/[0-9]{2}){4}/[^/]+[.]json$";
const otelKey = new RegExp(otelKeyPattern);

/** The id of a request, from its key: the entity of its rows in the log. */
export const otelRequestId = (fileKey: string): string => fileKey.slice(fileKey.lastIndexOf("/") + 1, -extension.length);

/**
 * Returns the subfolder of a score's folder for files sent with a public key alone, so that they overwrite no other file. It cannot clash
 * with an id: segments contain no slashes.
 */
export const publicKeyFolder = (publicKey: string, sha256Hex: Sha256Hex): string =>
  `public-key-${sha256Hex(publicKey).slice(0, hashCharacters)}/`;

/** Returns the name of that subfolder without its slash; undefined for a file sent with a secret key. */
export const publicKeyFolderOf = (fileKey: string): string | undefined =>
  /\/score\/[^/]+\/(public-key-[0-9a-f]{16})\/[^/]+$/.exec(fileKey)?.[1];

/**
 * Names a group's file after its first event. A group of several events adds a hash of all ids, so that one of them sent again, alone or
 * with others, overwrites no acknowledged events. The same group gets the same name.
 */
export const groupFileName = (eventIds: readonly string[], segmentBytesMax: number, sha256Hex: Sha256Hex): string => {
  const [first = "", ...others] = [...new Set(eventIds)];
  const bytesMax = segmentBytesMax - extension.length;
  if (others.length === 0) return `${safeBlobKeySegment(first, bytesMax, sha256Hex)}${extension}`;
  const mark = sha256Hex(JSON.stringify([first, ...others].toSorted())).slice(0, hashCharacters);
  return `${safeBlobKeySegment(first, bytesMax - markBytes, sha256Hex)}_${mark}${extension}`;
};

/** Returns `text` if it fits, else its beginning and a hash of the whole. */
export const shortenedWithHash = (text: string, bytesMax: number, sha256Hex: Sha256Hex): string =>
  bytesOf(text) <= bytesMax ? text : `${cutBytes(text, bytesMax - markBytes)}_${sha256Hex(text).slice(0, hashCharacters)}`;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** Cuts to as many whole characters as fit. */
const cutBytes = (text: string, bytesMax: number): string => {
  // Every character has at least one byte, so the rest need not be encoded.
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(bytesMax, 0)));
  return text.slice(0, read);
};
