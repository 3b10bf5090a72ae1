/** Keys of the files of events. Ids come from callers: a segment is safe in any store, and no two ids share one. */
import type { EntityType } from "./event.ts";

export type Sha256Hex = (text: string) => string;

const hashCharacters = 16;
const markBytes = hashCharacters + 1;
const extension = ".json";

/**
 * An id as one segment of a key, at most `segmentBytesMax` bytes of UTF-8 (not below 64). What stores or paths could misread, namely slashes, backslashes, control
 * characters and halves of surrogate pairs, becomes `_`. An id that was changed, was too long, or is dots only ends in `_` and 16 digits of its hash, and so does one
 * that looks as if it did: whatever has no such ending is the id itself.
 */
export const safeBlobKeySegment = (id: string, segmentBytesMax: number, sha256Hex: Sha256Hex): string => {
  const safe = id.replaceAll(/[/\\\p{Cc}]/gu, "_").replaceAll(/\p{Surrogate}/gu, "_");
  const isItself = safe === id && bytesOf(id) <= segmentBytesMax && !/^\.*$/.test(id) && !/_[0-9a-f]{16}$/.test(id);
  return isItself ? id : `${cutBytes(safe, segmentBytesMax - markBytes)}_${sha256Hex(id).slice(0, hashCharacters)}`;
};

/** The folder with all files of an entity, with a slash at its end: the prefix to list. */
export const entityFolder = (
  entity: { prefix: string; projectId: string; entityType: EntityType; entityId: string },
  segmentBytesMax: number,
  sha256Hex: Sha256Hex,
): string =>
  `${projectPrefix(entity)}${entity.entityType}/${safeBlobKeySegment(entity.entityId, segmentBytesMax, sha256Hex)}/`;

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
export const otelKeysEnd = ({ beforeMs, ...owner }: Owner & { beforeMs: number }): string => `${otelPrefix(owner)}${minuteFolder(beforeMs)}`;

/** Whether the file is an OpenTelemetry request and not a group of events. */
export const isOtelKey = (fileKey: string, prefix: string): boolean => fileKey.startsWith(`${prefix}otel/`);

/** A folder within that of a score for what was sent with a public key alone, so that it takes the place of no other file. No id names it: these have no slashes. */
export const publicKeyFolder = (publicKey: string, sha256Hex: Sha256Hex): string =>
  `public-key-${sha256Hex(publicKey).slice(0, hashCharacters)}/`;

/** The name of that folder without its slash; undefined for the file of a sender with a secret key. */
export const publicKeyFolderOf = (fileKey: string): string | undefined =>
  /\/score\/[^/]+\/(public-key-[0-9a-f]{16})\/[^/]+$/.exec(fileKey)?.[1];

/**
 * The name of the file of a group: the id of its first event. A group of several events adds a hash of all ids, so that one of them sent again by itself, or with others,
 * never takes the place of a file with events that were acknowledged. The same group sent again has the same name.
 */
export const groupFileName = (eventIds: readonly string[], segmentBytesMax: number, sha256Hex: Sha256Hex): string => {
  const [first = "", ...others] = [...new Set(eventIds)];
  const bytesMax = segmentBytesMax - extension.length;
  if (others.length === 0) return `${safeBlobKeySegment(first, bytesMax, sha256Hex)}${extension}`;
  const mark = sha256Hex(JSON.stringify([first, ...others].toSorted())).slice(0, hashCharacters);
  return `${safeBlobKeySegment(first, bytesMax - markBytes, sha256Hex)}_${mark}${extension}`;
};

/** `text` if it is short enough, else its beginning and a mark of the whole. */
export const shortenedWithHash = (text: string, bytesMax: number, sha256Hex: Sha256Hex): string =>
  bytesOf(text) <= bytesMax ? text : `${cutBytes(text, bytesMax - markBytes)}_${sha256Hex(text).slice(0, hashCharacters)}`;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** As many whole characters as fit into so many bytes. */
const cutBytes = (text: string, bytesMax: number): string => {
  // A character has a byte at least, so the rest need not be encoded.
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(bytesMax, 0)));
  return text.slice(0, read);
};
