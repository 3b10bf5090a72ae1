/**
 * Reading one protobuf message by a table of its fields. A message is read from its own slice of the bytes, so that nothing reads past
 * what its length says; fields that are not in the table, or whose wire type differs, are skipped as protobuf asks.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export type Field<Target> = { wireType: WireType; read: (reader: BinaryReader, target: Target) => void };
/** By field number. */
export type FieldTable<Target> = { readonly [fieldNumber: number]: Field<Target> };

/** Each turn moves forward by a byte at least, so that it ends. Throws what the reader throws on damaged bytes. */
export const readFields = <Target>(bytes: Uint8Array, table: FieldTable<Target>, target: Target): Target => {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    const field = table[fieldNumber];
    if (field !== undefined && field.wireType === wireType) field.read(reader, target);
    else reader.skip(wireType, fieldNumber);
  }
  return target;
};

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
