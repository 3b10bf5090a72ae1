/**
 * Keeps a busy process small. JavaScriptCore sizes its heap by the memory of the machine: on a large one, a runner that writes a backlog
 * grew to 0.8 GB of garbage (measured), which a container with a limit does not have.
 */

/** Below, the engine decides alone. */
const residentBytesMax = 160 * 1024 * 1024;
/** Work between two collections: a little less than a slice of requests has. Small batches never cost one. */
const charactersMin = 2_500_000;

/**
 * Returns a function to call where much was just dropped, with its UTF-16 units. It collects at once, which takes some 30 ms, if the
 * process holds more than a bound and enough was dropped since.
 */
export const createCollector = (): ((characters: number) => void) => {
  let dropped = 0;
  return (characters) => {
    dropped += characters;
    if (dropped < charactersMin || process.memoryUsage.rss() <= residentBytesMax) return;
    dropped = 0;
    Bun.gc(true);
  };
};
