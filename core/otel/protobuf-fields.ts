/**
 * OpenTelemetry, decoding: reads one protobuf message by a table of its fields. Each message has its own slice of the bytes, so nothing
 * reads past its length. Unknown fields, and those with another wire type, are skipped as protobuf requires.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

type Field<Target> = {
  wireType: WireType;
  read: (reader: BinaryReader, target: Target) => void;
  /** Each occurrence is an element and spends budget itself. */
  isEntry?: true;
};
/** Most texts are names and short values, for which a call of the runtime's decoder costs more than the loop. */
const shortBytesMax = 48;
const utf8 = new TextDecoder();

/** Bytes that are not UTF-8 become U+FFFD. */
const decodeUtf8 = (bytes: Uint8Array): string => {
  if (bytes.length > shortBytesMax) return utf8.decode(bytes);
  let text = "";
  for (const byte of bytes) {
    if (byte >= 0x80) return utf8.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
};

/** Maps field numbers to fields. */
export type FieldTable<Target> = { readonly [fieldNumber: number]: Field<Target> };

/** Non-entry fields a message may have without spending budget: more than any OTLP message defines. */
const plainFieldsMax = 24;

/**
 * Terminates because each turn advances by at least one byte. Throws what the reader throws on damaged bytes. Unknown and endlessly
 * repeated fields spend budget too.
 */
export const readFields = <Target>(bytes: Uint8Array, table: FieldTable<Target>, target: Target, budget: { spend: () => void }): Target => {
  const reader = new BinaryReader(bytes, decodeUtf8);
  let plainFields = 0;
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    const field = table[fieldNumber];
    const isKnown = field !== undefined && field.wireType === wireType;
    if (!(isKnown && field.isEntry) && ++plainFields > plainFieldsMax) budget.spend();
    if (isKnown) field.read(reader, target);
    else reader.skip(wireType, fieldNumber);
  }
  return target;
};

/** Yields the contents of one repeated field and reads nothing else. Every field spends budget, whatever it is. */
export function* entriesOf(bytes: Uint8Array, entryNumber: number, spend: () => void): Generator<Uint8Array, void> {
  const reader = new BinaryReader(bytes, decodeUtf8);
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    spend();
    if (fieldNumber === entryNumber && wireType === WireType.LengthDelimited) yield reader.bytes();
    else reader.skip(wireType, fieldNumber);
  }
}

/** A repeated message: calls `add` for each occurrence, after it has spent budget. */
export const entryField = <Target extends { budget: { spend: () => void } }>(
  add: (target: Target, bytes: Uint8Array) => void,
): Field<Target> => ({
  wireType: WireType.LengthDelimited,
  isEntry: true,
  read: (reader, target) => {
    target.budget.spend();
    add(target, reader.bytes());
  },
});

export const bytesField = <Target>(set: (target: Target, bytes: Uint8Array) => void): Field<Target> => ({
  wireType: WireType.LengthDelimited,
  read: (reader, target) => set(target, reader.bytes()),
});

/** Bytes that are not UTF-8 become U+FFFD. */
export const stringField = <Target>(set: (target: Target, text: string) => void): Field<Target> => ({
  wireType: WireType.LengthDelimited,
  read: (reader, target) => set(target, reader.string()),
});

export const fixed64Field = <Target>(set: (target: Target, decimal: string) => void): Field<Target> => ({
  wireType: WireType.Bit64,
  read: (reader, target) => set(target, reader.fixed64().toString()),
});

export const fixed32Field = <Target>(set: (target: Target, value: number) => void): Field<Target> => ({
  wireType: WireType.Bit32,
  read: (reader, target) => set(target, reader.fixed32()),
});

export const doubleField = <Target>(set: (target: Target, value: number) => void): Field<Target> => ({
  wireType: WireType.Bit64,
  read: (reader, target) => set(target, reader.double()),
});

export const enumField = <Target>(set: (target: Target, value: number) => void): Field<Target> => ({
  wireType: WireType.Varint,
  read: (reader, target) => set(target, reader.int32()),
});

export const boolField = <Target>(set: (target: Target, value: boolean) => void): Field<Target> => ({
  wireType: WireType.Varint,
  read: (reader, target) => set(target, reader.bool()),
});

export const int64Field = <Target>(set: (target: Target, decimal: string) => void): Field<Target> => ({
  wireType: WireType.Varint,
  read: (reader, target) => set(target, reader.int64().toString()),
});
