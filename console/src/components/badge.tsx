/** A short state in words; its color repeats what the words say. */
import type { ReactNode } from "react";
import "./badge.css";
import { classNames } from "./class-names.ts";

export type Tone = "neutral" | "success" | "warning" | "danger" | "info";

export const Badge = ({ tone = "neutral", isPlain = false, children }: { tone?: Tone; isPlain?: boolean; children: ReactNode }) => (
  <span className={classNames("badge", `badge-${tone}`, isPlain && "badge-plain")}>{children}</span>
);
