/** Places what a button opens: below it, or above where there is no room; never outside of the window. */
export const placeBelow = (button: HTMLElement | null, list: HTMLElement | null): void => {
  if (button === null || list === null) return;
  const { left, right, top, bottom } = button.getBoundingClientRect();
  list.style.position = "fixed";
  list.style.inset = "auto";
  if (left > window.innerWidth / 2) list.style.right = `${Math.max(8, window.innerWidth - right)}px`;
  else list.style.left = `${Math.max(8, left)}px`;
  if (bottom > window.innerHeight * 0.6) list.style.bottom = `${window.innerHeight - top + 4}px`;
  else list.style.top = `${bottom + 4}px`;
};
