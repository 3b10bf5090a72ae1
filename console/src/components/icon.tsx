/** Icons of one line weight, drawn in the color of the text. They say nothing by themselves: a label stands beside or in the button. */
const paths = {
  export: "M8 2v8m0 0L5 7m3 3 3-3M2.5 11v1.5A1.5 1.5 0 0 0 4 14h8a1.5 1.5 0 0 0 1.5-1.5V11",
  events: "M2.5 4h11M2.5 8h11M2.5 12h7",
  integration: "M6 3v3m4-3v3M4.5 6h7v2.5a3.5 3.5 0 0 1-7 0zM8 12v2",
  webhook: "M8 5.5a2 2 0 1 1 1.7-3M7.2 5 4.6 9.6M4 12.6a2 2 0 1 1 0-3.6M6 11h5m1.3-1.9a2 2 0 1 1-1.5 3.6M8.8 5l2.6 4.6",
  key: "M10.5 9a3.5 3.5 0 1 0-3.3-2.4L2.5 11.3v2.2h2.2l.8-.8v-1.4h1.4l.9-.9",
  model: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM8 8l5.5-3M8 8 2.5 5M8 8v6",
  audit: "M5 2.5h6a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 12V4A1.5 1.5 0 0 1 5 2.5zM6 6h4M6 8.5h4M6 11h2",
  members:
    "M6 7.5A2.5 2.5 0 1 0 6 2.5a2.5 2.5 0 0 0 0 5zM1.5 13.5a4.5 4.5 0 0 1 9 0M10.5 2.8a2.5 2.5 0 0 1 0 4.4M12 9.6a4.5 4.5 0 0 1 2.5 3.9",
  operator: "M2 8h2.5l2-5 3 10 2-5H14",
  overview: "M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8h4.5v5.5H9zM2.5 10.5h4.5v3H2.5z",
  limit: "M2.5 12a6 6 0 1 1 11 0M8 9.5l2.8-3.3M8 10.5a1 1 0 1 0 0-2 1 1 0 0 0 0 2z",
  mail: "M2.5 3.5h11v9h-11zM2.5 4l5.5 4.5L13.5 4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3.5 8.5l3 3 6-7",
  copy: "M5.5 5.5V3A.5.5 0 0 1 6 2.5h7a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5h-2.5M3 5.5h7a.5.5 0 0 1 .5.5v7a.5.5 0 0 1-.5.5H3a.5.5 0 0 1-.5-.5V6a.5.5 0 0 1 .5-.5z",
  arrowUp: "M8 13V3M4 7l4-4 4 4",
  arrowDown: "M8 3v10M4 9l4 4 4-4",
  plus: "M8 3v10M3 8h10",
  filter: "M2.5 3.5h11M4.5 8h7M6.5 12.5h3",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  plot: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  trace: "M2.5 3.5h8M5 8h6M8 12.5h5.5",
  observation: "M8 3.5c3 0 5 2 6 4.5-1 2.5-3 4.5-6 4.5S3 10.5 2 8c1-2.5 3-4.5 6-4.5zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  score: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z",
  session: "M2.5 3.5h11v7H8l-3 2.5v-2.5H2.5z",
  chevronDown: "M4 6l4 4 4-4",
  chevronUpDown: "M5 6l3-3 3 3M5 10l3 3 3-3",
  chevronLeft: "M10 4l-4 4 4 4",
  chevronRight: "M6 4l4 4-4 4",
  retry: "M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5",
  stop: "M4.5 4.5h7v7h-7z",
  trash: "M2.5 4.5h11M6 4.5V3a.5.5 0 0 1 .5-.5h3a.5.5 0 0 1 .5.5v1.5M4 4.5l.6 8.1a1 1 0 0 0 1 .9h4.8a1 1 0 0 0 1-.9l.6-8.1M6.6 7v4M9.4 7v4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  warning: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.01",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3l2 1.5",
  play: "M5 3.5v9l7-4.5z",
  sun: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  screen: "M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3",
  signOut: "M6 2.5H3.5v11H6M7 8h6.5m0 0L11 5.5M13.5 8 11 10.5",
  docs: "M3 3.2c2-.7 3.7-.5 5 .5 1.3-1 3-1.2 5-.5v9.3c-2-.7-3.7-.5-5 .5-1.3-1-3-1.2-5-.5zM8 3.7v9.3",
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg
    aria-hidden="true"
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth={name === "more" ? 2 : 1.4}
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    <path d={paths[name]} />
  </svg>
);
