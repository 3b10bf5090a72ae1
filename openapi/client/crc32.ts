/** CRC-32 (ISO-HDLC, as in gzip) of bytes in pieces, the checksum of files in a manifest. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** `before` is the checksum of the bytes that came before these; 0 for none. */
export const crc32 = (bytes: Uint8Array, before = 0): number => {
  let value = ~before;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
};

/** As a manifest writes it: eight hex digits. */
export const crc32Hex = (value: number): string => value.toString(16).padStart(8, "0");
