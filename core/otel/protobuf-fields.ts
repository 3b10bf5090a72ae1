/**
 * Reading one protobuf message by a table of its fields. A message is read from its own slice of the bytes, so that nothing reads past
 * what its length says; fields that are not in the table, or whose wire type differs, are skipped as protobuf asks.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export type Field<Target> = {
  wireType: WireType;
  read: (reader: BinaryReader, target: Target) => void;
  /** Each of them is an element, and spends by itself. */
  isEntry?: true;
};
/** Names and short values are most of the texts there are, and a call of the runtime's decoder takes longer than they do. */
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

/** By field number. */
export type FieldTable<Target> = { readonly [fieldNumber: number]: Field<Target> };

/** Fields a message may have beside its entries without spending: more than any message of OTLP knows. */
const plainFieldsMax = 24;

/**
 * Each turn moves forward by a byte at least, so that it ends. Throws what the reader throws on damaged bytes. Fields that come again and again, or that nobody knows, spend too.
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

/** The contents of one repeated field of a message, one after the other: nothing else of it is read. Every field spends, whatever it is. */
export function* entriesOf(bytes: Uint8Array, entryNumber: number, spend: () => void): Generator<Uint8Array, void> {
  const reader = new BinaryReader(bytes, decodeUtf8);
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    spend();
    if (fieldNumber === entryNumber && wireType === WireType.LengthDelimited) yield reader.bytes();
    else reader.skip(wireType, fieldNumber);
  }
}

/** A repeated message: `add` is called for each, after it has spent. */
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
