/**
 * Joins Parquet files with the same schema into one: their row groups follow one another, and one footer lists them all. The footer is in
 * Thrift's compact protocol (github.com/apache/parquet-format, parquet.thrift, read 2026-11). It is decoded without its schema, so that
 * unknown fields survive. Memory: the footers, some 100 bytes per column and row group.
 */

type Value =
  | { type: 1 | 2 }
  | { type: 3; value: number }
  | { type: 4 | 5 | 6; value: bigint }
  | { type: 7; value: Uint8Array }
  | { type: 8; value: Uint8Array }
  | { type: 9 | 10; of: number; items: Value[] }
  | { type: 11; of: [number, number]; entries: [Value, Value][] }
  | { type: 12; fields: Field[] };
type Field = { id: number; value: Value };
type Struct = Extract<Value, { type: 12 }>;

class ParquetError extends Error {
  override name = "ParquetError";
}

const structType = 12;

class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new ParquetError("the footer ends early");
    return byte;
  }
  varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return result;
    }
    throw new ParquetError("a number is longer than 10 bytes");
  }
  zigzag(): bigint {
    const n = this.varint();
    return (n >> 1n) ^ -(n & 1n);
  }
  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.byteLength) throw new ParquetError("the footer ends early");
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }
  value(type: number, inList: boolean): Value {
    if (type === 1 || type === 2) return { type: inList ? (this.byte() === 1 ? 1 : 2) : type };
    if (type === 3) return { type, value: this.byte() };
    if (type === 4 || type === 5 || type === 6) return { type, value: this.zigzag() };
    if (type === 7) return { type, value: this.take(8) };
    if (type === 8) return { type, value: this.take(Number(this.varint())) };
    if (type === 9 || type === 10) {
      const head = this.byte();
      const count = head >> 4 === 15 ? Number(this.varint()) : head >> 4;
      return { type, of: head & 15, items: Array.from({ length: count }, () => this.value(head & 15, true)) };
    }
    if (type === 11) {
      const count = Number(this.varint());
      const kinds = count === 0 ? 0 : this.byte();
      const of: [number, number] = [kinds >> 4, kinds & 15];
      return { type, of, entries: Array.from({ length: count }, () => [this.value(of[0], true), this.value(of[1], true)]) };
    }
    if (type === structType) return this.struct();
    throw new ParquetError(`the footer holds the unknown type ${type}`);
  }
  struct(): Struct {
    const fields: Field[] = [];
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return { type: structType, fields };
      id = head >> 4 === 0 ? Number(this.zigzag()) : id + (head >> 4);
      fields.push({ id, value: this.value(head & 15, false) });
    }
  }
}

class Writer {
  readonly bytes: number[] = [];
  varint(value: bigint): void {
    let n = value;
    for (; n > 127n; n >>= 7n) this.bytes.push(Number(n & 127n) | 128);
    this.bytes.push(Number(n));
  }
  zigzag(value: bigint): void {
    this.varint(value >= 0n ? value << 1n : (-value << 1n) - 1n);
  }
  value(value: Value, inList: boolean): void {
    switch (value.type) {
      case 1:
      case 2:
        if (inList) this.bytes.push(value.type);
        return;
      case 3:
        this.bytes.push(value.value);
        return;
      case 4:
      case 5:
      case 6:
        this.zigzag(value.value);
        return;
      case 7:
        this.bytes.push(...value.value);
        return;
      case 8:
        this.varint(BigInt(value.value.byteLength));
        for (const byte of value.value) this.bytes.push(byte);
        return;
      case 9:
      case 10:
        if (value.items.length < 15) this.bytes.push((value.items.length << 4) | value.of);
        else {
          this.bytes.push(0xf0 | value.of);
          this.varint(BigInt(value.items.length));
        }
        for (const item of value.items) this.value(item, true);
        return;
      case 11:
        this.varint(BigInt(value.entries.length));
        if (value.entries.length > 0) this.bytes.push((value.of[0] << 4) | value.of[1]);
        for (const [key, entry] of value.entries) {
          this.value(key, true);
          this.value(entry, true);
        }
        return;
      case 12:
        this.struct(value);
        return;
      default:
        value satisfies never;
    }
  }
  struct({ fields }: Struct): void {
    let last = 0;
    for (const { id, value } of fields) {
      const delta = id - last;
      if (delta > 0 && delta <= 15) this.bytes.push((delta << 4) | value.type);
      else {
        this.bytes.push(value.type);
        this.zigzag(BigInt(id));
      }
      last = id;
      this.value(value, false);
    }
    this.bytes.push(0);
  }
}

const magic = [0x50, 0x41, 0x52, 0x31];
export const parquetMagic = Uint8Array.from(magic);
/** Size of the footer length and the magic at the end of a file. */
export const trailerBytes = 8;

/** Returns the size of the footer with its trailer, from the last eight bytes of a file. */
export const footerLength = (trailer: Uint8Array): number => {
  const tail = trailer.subarray(-trailerBytes);
  if (tail.byteLength < trailerBytes || magic.some((byte, i) => tail[4 + i] !== byte))
    throw new ParquetError("the file does not end in PAR1");
  return new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true) + trailerBytes;
};

/** Field ids of parquet.thrift. */
const fileFields = { rows: 3, rowGroups: 4 };
const offsets = { rowGroup: [5], chunk: [2, 4, 6], meta: [9, 10, 11, 14] };

export const createFooterMerge = () => {
  let first: Struct | undefined;
  let schema = "";
  let rows = 0n;
  const rowGroups: Value[] = [];
  return {
    /** Adds the footer (with trailer) of a file whose bytes after its first magic begin at `start` in the joined file. */
    add: (footer: Uint8Array, start: number): void => {
      const struct = new Reader(footer.subarray(0, footer.byteLength - trailerBytes)).struct();
      const writer = new Writer();
      const found = fieldOf(struct, 2);
      if (found === undefined) throw new ParquetError("the footer has no schema");
      writer.value(found, true);
      const own = writer.bytes.join();
      if (first === undefined) {
        first = struct;
        schema = own;
      } else if (own !== schema) throw new ParquetError("the files to be joined have different schemas");
      const count = fieldOf(struct, fileFields.rows);
      rows += count !== undefined && count.type === 6 ? count.value : 0n;
      const groups = fieldOf(struct, fileFields.rowGroups);
      if (groups?.type !== 9) return;
      const shift = BigInt(start - magic.length);
      for (const group of groups.items) rowGroups.push(moved(group, shift, rowGroups.length));
    },
    rows: () => Number(rows),
    /** Returns the footer of the joined file, with its trailer. */
    finish: (): Uint8Array => {
      if (first === undefined) throw new ParquetError("there is no file to be joined");
      const fields = first.fields.map((field): Field => {
        if (field.id === fileFields.rows) return { id: field.id, value: { type: 6, value: rows } };
        if (field.id === fileFields.rowGroups) return { id: field.id, value: { type: 9, of: structType, items: rowGroups } };
        return field;
      });
      const writer = new Writer();
      writer.struct({ type: structType, fields });
      const length = writer.bytes.length;
      return Uint8Array.from([...writer.bytes, length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24, ...magic]);
    },
  };
};

const fieldOf = (struct: Struct, id: number): Value | undefined => struct.fields.find((field) => field.id === id)?.value;

const shifted = (field: Field, ids: readonly number[], shift: bigint): Field =>
  ids.includes(field.id) && field.value.type === 6 && field.value.value > 0n
    ? { id: field.id, value: { type: 6, value: field.value.value + shift } }
    : field;

/** Returns a row group whose columns are moved by `shift` bytes. */
const moved = (group: Value, shift: bigint, ordinal: number): Value => {
  if (group.type !== structType) throw new ParquetError("a row group is no struct");
  return {
    type: structType,
    fields: group.fields.map((field): Field => {
      if (field.id === 1 && field.value.type === 9)
        return { id: 1, value: { ...field.value, items: field.value.items.map((chunk) => movedChunk(chunk, shift)) } };
      if (field.id === 7 && field.value.type === 4) return { id: 7, value: { type: 4, value: BigInt(Math.min(ordinal, 32_767)) } };
      return shifted(field, offsets.rowGroup, shift);
    }),
  };
};

const movedChunk = (chunk: Value, shift: bigint): Value => {
  if (chunk.type !== structType) throw new ParquetError("a column chunk is no struct");
  return {
    type: structType,
    fields: chunk.fields.map(
      (field): Field =>
        field.id === 3 && field.value.type === structType
          ? { id: 3, value: { type: structType, fields: field.value.fields.map((meta) => shifted(meta, offsets.meta, shift)) } }
          : shifted(field, offsets.chunk, shift),
    ),
  };
};
