/** A stored part: what another attempt needs to resume behind it. */
/** Where a slice begins in the file: the bytes before it, their CRC-32, and the rows before it. */
export type SliceMark = { slice: number; startByte: number; startCrc: number; startRows: number };

/** A stored part with what is needed to resume behind it: the slice it ends in, and the bytes and CRC-32 of the file up to its end. */
export type UploadedPart = { number: number; etag: string; checksum: string; endByte: number; crc: number; mark: SliceMark };
