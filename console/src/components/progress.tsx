/** How far something has got, 0 to 100; null while nobody knows. */
import "./progress.css";

export const Progress = ({ percent, label }: { percent: number | null; label: string }) => (
  <progress className="progress" max={100} {...(percent === null ? {} : { value: percent })} aria-label={label} />
);
