/** What is known of a part in the object store: enough for another attempt to go on behind it. */
/** Where a slice begins in the file: its bytes, their CRC-32 and the rows before it. */
export type SliceMark = { slice: number; startByte: number; startCrc: number; startRows: number };

/** A part that has arrived, and all that is needed to go on behind it: the slice it ends in, bytes and CRC-32 of the file up to its end. */
export type UploadedPart = { number: number; etag: string; checksum: string; endByte: number; crc: number; mark: SliceMark };
