/** Leads to the sign-in page, and from there back to where the person is. */
export const signInAddress = (back: string): string => (back === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(back)}`);

/** Leaves the page: its session is over, and so is everything that it has loaded. */
export const leaveToSignIn = (): void => {
  const { pathname, search } = window.location;
  if (!pathname.startsWith("/sign-in")) window.location.replace(signInAddress(`${pathname}${search}`));
};
