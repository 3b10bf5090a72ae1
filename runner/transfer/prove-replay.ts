/** Resumes an upload behind its parts: reads what was uploaded again and checks that it is the same. */
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";

/** The rows differ from what an earlier attempt uploaded, so the export restarts. */
export class ReplayDiffers extends Error {
  override name = "ReplayDiffers";
}

/**
 * Writes the bytes that come after the uploaded parts. Checks the bytes between the start of the slice and the end of the parts by the
 * CRC-32 of the file up to there. Throws ReplayDiffers.
 */
export const writeBehind = (
  { endByte, crc, mark }: Pick<UploadedPart, "endByte" | "crc" | "mark">,
  crc32: (bytes: Uint8Array, seed?: number) => number,
  write: (bytes: Uint8Array) => Promise<void>,
) => {
  let at = mark.startByte;
  let replayedCrc = mark.startCrc;
  const assertProven = () => {
    if (at < endByte || replayedCrc !== crc) throw new ReplayDiffers(`the first ${endByte} bytes are not what was uploaded`);
  };
  if (at === endByte) assertProven();
  return {
    assertProven,
    write: async (bytes: Uint8Array): Promise<void> => {
      const known = Math.min(bytes.byteLength, Math.max(0, endByte - at));
      if (known > 0) {
        replayedCrc = crc32(bytes.subarray(0, known), replayedCrc);
        at += known;
        if (at === endByte) assertProven();
      }
      if (known < bytes.byteLength) await write(bytes.subarray(known));
    },
  };
};
