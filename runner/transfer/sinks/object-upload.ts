/**
 * Stage 6, upload: writes bytes to one object, as a multipart upload, or with one PUT if they fit one part.
 * Memory: `partsInFlightMax + 1` part buffers, allocated once and reused. `write()` waits while all are in use.
 */
import { AppError } from "../../../core/errors.ts";
import type { SliceMark, UploadedPart } from "../../../core/exports/uploaded-part.ts";
import type { S3Answer, S3Client } from "../../../db/object-store/s3-client.ts";
import { elementsOf, parseXml, rootOf, tag, textOf } from "../../../db/object-store/xml.ts";
import { combineCrc32 } from "./combine-crc32.ts";
import type { FileToStore, FileUpload, StoredFile } from "./file-sink.ts";

/** S3 allows 10,000 parts. With 16 MiB parts the largest object is 156 GiB. */
const partsMax = 10_000;

/** The answer to a write whose condition does not hold. */
const objectExists = 412;

const existsAlready = (key: string) => new AppError({ code: "S3_OBJECT_EXISTS", message: `There is another object at ${key}.` });

export type Checksum = "crc32" | "none";

type ObjectUploadDeps = FileToStore & {
  s3: S3Client;
  partSizeBytes: number;
  partsInFlightMax: number;
  /** Checksum sent with each part and verified by the store. Some stores refuse the header, so it can be switched off. */
  checksum: Checksum;
  /** Returns the CRC-32 continued from `seed`. */
  crc32: (bytes: Uint8Array, seed?: number) => number;
  /** Never replaces an object: throws S3_OBJECT_EXISTS if there is another one at the key. */
  isNewOnly?: boolean;
};

export class ObjectUpload implements FileUpload {
  #deps: ObjectUploadDeps;
  #uploadId: Promise<string> | undefined;
  #parts: UploadedPart[] = [];
  #mark: SliceMark = { slice: 0, startByte: 0, startCrc: 0, startRows: 0 };
  /** Requests it took to begin the upload. With more than one, the store may have begun another upload whose id was lost. */
  #startAttempts = 0;
  #sent = 0;
  #bytes = 0;
  /** CRC-32 of the parts sent, and of what the current part holds. */
  #crc = 0;
  #filledCrc = 0;
  #current: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #free: Uint8Array<ArrayBuffer>[] = [];
  #allocated = 0;
  #waiting: (() => void)[] = [];
  #inFlight = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(deps: ObjectUploadDeps) {
    this.#deps = deps;
    const last = deps.resumed?.parts.at(-1);
    if (deps.resumed === null || last === undefined) return;
    this.#uploadId = Promise.resolve(deps.resumed.uploadId);
    this.#parts = [...deps.resumed.parts];
    this.#sent = last.number;
    this.#bytes = last.endByte;
    this.#crc = last.crc;
    this.#mark = last.mark;
  }

  /** Marks the next byte as the start of a slice. */
  markSlice({ slice, rows }: { slice: number; rows: number }): void {
    this.#mark = {
      slice,
      startByte: this.bytes,
      startCrc: combineCrc32(this.#crc, this.#filledCrc, this.#filled),
      startRows: rows,
    };
  }

  get partSizeBytes(): number {
    return this.#deps.partSizeBytes;
  }

  /** Bytes accepted so far. */
  get bytes(): number {
    return this.#bytes + this.#filled;
  }

  /** Copies the chunk into part buffers and sends each full one. The chunk may be reused once this resolves. */
  async write(chunk: Uint8Array): Promise<void> {
    // Otherwise a part that fills up after an abort would begin a new upload.
    this.#throwFailure();
    for (let offset = 0; offset < chunk.byteLength; ) {
      this.#current ??= await this.#takeBuffer();
      const room = this.#current.byteLength - this.#filled;
      const taken = Math.min(room, chunk.byteLength - offset);
      const piece = offset === 0 && taken === chunk.byteLength ? chunk : chunk.subarray(offset, offset + taken);
      this.#current.set(piece, this.#filled);
      // Summed here, where the bytes are in the processor's cache: reading a full part again costs as much as copying it.
      this.#filledCrc = this.#deps.crc32(piece, this.#filledCrc);
      this.#filled += taken;
      offset += taken;
      if (this.#filled === this.#current.byteLength) this.#sendCurrent();
    }
    this.#throwFailure();
  }

  /** Sends what is left, completes the object and verifies its size. */
  async finish(): Promise<StoredFile> {
    if (this.#sent === 0) await this.#putWhole();
    else {
      if (this.#filled > 0) this.#sendCurrent();
      while (this.#inFlight.size > 0 && this.#failure === undefined) await Promise.race(this.#inFlight);
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#complete();
    }
    await this.#verify();
    if (this.#startAttempts > 1)
      for (const id of await listUploads(this.#deps.s3, this.#deps.key)) await abortUpload(this.#deps.s3, this.#deps.key, id);
    return { key: this.#deps.key, bytes: this.#bytes, crc32: hex(this.#crc) };
  }

  /** Removes the upload or object in any state. Throws if the store does not confirm; the sweep then tries again. */
  async abort(): Promise<void> {
    this.#failure ??= { error: new AppError({ code: "INTERNAL", detail: "the upload was aborted" }) };
    await Promise.allSettled(this.#inFlight);
    await removeObject(this.#deps.s3, this.#deps.key, this.#uploadId === undefined ? null : await this.#uploadId.catch(() => null));
  }

  /**
   * Waits until the parts up to this byte of the file are stored. Returns at once if the part with this byte is not yet sent. Throws if a
   * part failed.
   */
  async reached(byte: number): Promise<void> {
    const needed = Math.ceil(byte / this.#deps.partSizeBytes);
    if (needed > this.#sent) return;
    const arrived = () => this.#parts.filter(({ number }) => number <= needed).length === needed;
    while (!arrived() && this.#failure === undefined) await Promise.race(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends without removing anything: waits for the parts in flight and leaves them for a later attempt. */
  async settle(): Promise<void> {
    this.#failure ??= { error: new AppError({ code: "INTERNAL", detail: "the upload was left" }) };
    await Promise.allSettled(this.#inFlight);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #takeBuffer(): Promise<Uint8Array<ArrayBuffer>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const free = this.#free.pop();
      if (free !== undefined) return free;
      if (this.#allocated <= this.#deps.partsInFlightMax) {
        this.#allocated++;
        return new Uint8Array(this.#deps.partSizeBytes);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #sendCurrent(): void {
    const buffer = this.#current;
    if (buffer === undefined) return;
    const body = this.#filled === buffer.byteLength ? buffer : buffer.subarray(0, this.#filled);
    const number = ++this.#sent;
    const checksum = base64Crc(this.#filledCrc);
    this.#takeFilled();
    const reached = { endByte: this.#bytes, crc: this.#crc, mark: this.#mark };
    this.#current = undefined;
    const sending: Promise<void> = this.#sendPart(number, body, { checksum, ...reached })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#inFlight.delete(sending);
        this.#free.push(buffer);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    this.#inFlight.add(sending);
  }

  /** Counts the current part as sent. */
  #takeFilled(): void {
    this.#crc = combineCrc32(this.#crc, this.#filledCrc, this.#filled);
    this.#bytes += this.#filled;
    this.#filled = 0;
    this.#filledCrc = 0;
  }

  async #sendPart(number: number, body: Uint8Array<ArrayBuffer>, reached: Omit<UploadedPart, "number" | "etag">): Promise<void> {
    if (number > partsMax) throw new AppError({ code: "EXPORT_TOO_LARGE", detail: `more than ${partsMax} parts` });
    this.#uploadId ??= this.#start();
    const uploadId = await this.#uploadId;
    const answer = await this.#deps.s3.send({
      method: "PUT",
      key: this.#deps.key,
      query: { partNumber: String(number), uploadId },
      headers: this.#checksumHeader(reached.checksum),
      body,
      isStreamed: true,
      signal: this.#deps.signal,
    });
    const etag = answer.headers.get("etag");
    if (etag === null) throw new AppError({ code: "S3_REJECTED", message: "The object store returned no ETag for a part." });
    // Proxies that change responses mark the ETag as weak. The store knows it only without the mark.
    const part = { number, etag: etag.replace(/^W\//, ""), ...reached };
    this.#parts.push(part);
    this.#deps.onPart(part);
  }

  async #start(): Promise<string> {
    const { s3, key, contentType, contentDisposition, checksum, signal, onStarted } = this.#deps;
    const answer = await s3.send({
      method: "POST",
      key,
      query: { uploads: "" },
      headers: {
        "content-type": contentType,
        "content-disposition": contentDisposition,
        ...(checksum === "crc32" ? { "x-amz-checksum-algorithm": "CRC32" } : {}),
      },
      signal,
    });
    this.#startAttempts = answer.attempts;
    const uploadId = tag(answer.text, "UploadId");
    if (uploadId === undefined)
      throw new AppError({ code: "S3_REJECTED", message: "The object store returned no upload id.", detail: answer.text.slice(0, 500) });
    await onStarted(uploadId);
    return uploadId;
  }

  async #complete(): Promise<void> {
    const { s3, key, checksum, signal } = this.#deps;
    const uploadId = (await this.#uploadId) ?? "";
    const parts = this.#parts.toSorted((a, b) => a.number - b.number);
    const xml = parts
      .map((part) => {
        const sum = checksum === "crc32" ? `<ChecksumCRC32>${part.checksum}</ChecksumCRC32>` : "";
        return `<Part><PartNumber>${part.number}</PartNumber><ETag>${part.etag.replaceAll('"', "&quot;")}</ETag>${sum}</Part>`;
      })
      .join("");
    await this.#deps.onCompleting();
    try {
      const answer = await s3.send({
        method: "POST",
        key,
        query: { uploadId },
        headers: { "content-type": "application/xml", ...this.#condition() },
        accept: this.#refusals(),
        body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${xml}</CompleteMultipartUpload>`,
        signal,
      });
      if (answer.status === objectExists) throw existsAlready(key);
    } catch (error) {
      // If the response to a completed upload was lost, the retry gets NoSuchUpload. The size of the object then decides.
      if (!(await this.#isWhole())) throw error;
    }
  }

  async #putWhole(): Promise<void> {
    const { s3, key, contentType, contentDisposition, signal } = this.#deps;
    const body = this.#current?.subarray(0, this.#filled) ?? new Uint8Array(0);
    const checksum = base64Crc(this.#filledCrc);
    this.#takeFilled();
    await this.#deps.onCompleting();
    const answer = await s3.send({
      method: "PUT",
      key,
      headers: {
        "content-type": contentType,
        "content-disposition": contentDisposition,
        ...this.#checksumHeader(checksum),
        ...this.#condition(),
      },
      accept: this.#refusals(),
      body,
      signal,
    });
    // If the response to the first attempt was lost, the object is the one it wrote. Its size then decides.
    if (answer.status === objectExists && !(await this.#isWhole())) throw existsAlready(key);
  }

  /** RFC 9110, 13.1.2; S3 has it on PutObject and CompleteMultipartUpload. */
  #condition(): Record<string, string> {
    return this.#deps.isNewOnly === true ? { "if-none-match": "*" } : {};
  }

  #refusals(): readonly number[] {
    return this.#deps.isNewOnly === true ? [objectExists] : [];
  }

  #checksumHeader(checksum: string): Record<string, string> {
    return this.#deps.checksum === "crc32" ? { "x-amz-checksum-crc32": checksum } : {};
  }

  async #isWhole(): Promise<boolean> {
    const { s3, key, signal } = this.#deps;
    const answer = await s3.send({ method: "HEAD", key, accept: [404], signal });
    if (answer.status !== 200) return false;
    return (lengthOf(answer) ?? (await this.#lengthByRange())) === this.#bytes;
  }

  /** Some proxies omit the length in the response to a HEAD. */
  async #lengthByRange(): Promise<number | undefined> {
    const { s3, key, signal } = this.#deps;
    const answer = await s3.send({
      method: "GET",
      key,
      headers: { range: "bytes=0-0" },
      accept: [404, 416],
      signal,
      isBody: true,
      isHeadOnly: true,
    });
    const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
    return total === undefined ? (answer.status === 200 ? lengthOf(answer) : undefined) : Number(total);
  }

  async #verify(): Promise<void> {
    if (!(await this.#isWhole()))
      throw new AppError({ code: "UPLOAD_NOT_VERIFIED", detail: `the object ${this.#deps.key} does not have ${this.#bytes} bytes` });
  }
}

/**
 * Aborts every multipart upload of the key and deletes the object. Succeeds if there is nothing to remove.
 * Lists the store's uploads too: a crash, or a retry after a lost response, can leave one whose id was never recorded. The recorded one and
 * the object go first, so that they are removed even if the store cannot list.
 */
export const removeObject = async (s3: S3Client, key: string, uploadId: string | null): Promise<void> => {
  if (uploadId !== null) await abortUpload(s3, key, uploadId);
  await s3.send({ method: "DELETE", key, accept: [404], attemptsMax: 3 });
  for (const id of await listUploads(s3, key)) if (id !== uploadId) await abortUpload(s3, key, id);
};

/** Aborts every multipart upload of the key that the store lists. */
export const abortUploads = async (s3: S3Client, key: string): Promise<void> => {
  for (const id of await listUploads(s3, key)) await abortUpload(s3, key, id);
};

const abortUpload = (s3: S3Client, key: string, uploadId: string): Promise<unknown> =>
  s3.send({ method: "DELETE", key, query: { uploadId }, accept: [404], attemptsMax: 3 });

/**
 * Returns the ids of the live uploads of exactly this key; none if the store cannot or may not list them. The bucket's lifecycle rule then
 * removes them.
 */
const listUploads = async (s3: S3Client, key: string): Promise<string[]> => {
  const accept = [400, 401, 403, 404, 405, 501];
  const answer = await s3.send({ method: "GET", key: "", query: { uploads: "", prefix: key }, accept, attemptsMax: 3 });
  if (answer.status !== 200) return [];
  return elementsOf(rootOf(parseXml(answer.text))?.root, "Upload").flatMap((upload) =>
    textOf(upload, "Key") === key ? (textOf(upload, "UploadId") ?? []) : [],
  );
};

const lengthOf = ({ headers }: S3Answer): number | undefined => {
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
};

const hex = (crc: number): string => crc.toString(16).padStart(8, "0");

/** Encodes a CRC-32 as the checksum headers of S3 want it. */
export const base64Crc = (crc: number): string => btoa(String.fromCharCode(crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255));
