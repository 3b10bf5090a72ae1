import { waitSeconds } from "./wait-seconds.ts";

/** Looks again and again until it is so. Throws with the name of what never came. */
export const eventually = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  throw new Error(`not in time: ${what}`);
};
