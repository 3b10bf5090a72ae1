/** Writes a JSON file that only its owner can read. */
import { chmodSync, writeFileSync } from "node:fs";

export const writePrivate = (file: string, value: unknown): void => {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
};
