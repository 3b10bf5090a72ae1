/** Buttons, and the class of links that look like them. */
import type { ComponentProps } from "react";
import "./button.css";
import { classNames } from "./class-names.ts";
import { Icon, type IconName } from "./icon.tsx";

type Look = { variant?: "primary" | "secondary" | "ghost" | "danger"; size?: "normal" | "small" };

export const buttonClass = ({ variant = "secondary", size = "normal" }: Look = {}, more?: string): string =>
  classNames("button", `button-${variant}`, size === "small" && "button-small", more);

type ButtonProps = ComponentProps<"button"> & Look & { icon?: IconName; isBusy?: boolean };

/** While busy it keeps its width and its focus, and a second press does nothing. */
export const Button = ({ variant, size, icon, isBusy = false, className, children, onClick, ...more }: ButtonProps) => (
  <button
    type="button"
    {...more}
    className={buttonClass({ ...(variant && { variant }), ...(size && { size }) }, className)}
    aria-disabled={isBusy || more["aria-disabled"] || undefined}
    onClick={isBusy ? (event) => event.preventDefault() : onClick}
  >
    {isBusy ? <span className="spinner" aria-hidden="true" /> : icon === undefined ? null : <Icon name={icon} size={14} />}
    {children}
  </button>
);

type IconButtonProps = Omit<ButtonProps, "children" | "icon"> & { icon: IconName; label: string };

/** Of an icon alone; the label is for screen readers, and shown as a hint. */
export const IconButton = ({ icon, label, variant = "ghost", size, className, ...more }: IconButtonProps) => (
  <button
    type="button"
    title={label}
    {...more}
    aria-label={label}
    className={buttonClass({ variant, ...(size && { size }) }, classNames("button-icon", className))}
  >
    <Icon name={icon} size={size === "small" ? 14 : 16} />
  </button>
);
