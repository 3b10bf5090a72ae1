/** Names and values of one thing. Those without a value are left out. */
import { Fragment, type ReactNode } from "react";
import "./facts.css";

export const Facts = ({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) => (
  <dl className="facts">
    {facts.map(([name, value]) =>
      value === null || value === undefined ? null : (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ),
    )}
  </dl>
);
