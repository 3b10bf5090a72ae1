/** Ends this process when the one that started it is gone: its end of our standard input closes. */
export const watchParent = (onGone: () => void): void => {
  process.stdin.on("end", onGone);
  process.stdin.on("close", onGone);
  process.stdin.on("error", onGone);
  process.stdin.resume();
};
