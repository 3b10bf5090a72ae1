/** The anchor of a heading, as GitHub makes it: the site and the repository's own view of a page share their links. */
export const headingSlug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
