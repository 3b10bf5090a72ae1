/**
 * Whether the shown rows are of another choice (a filter, order or page that was left), until those of the present one arrive. What acts on
 * rows as a whole, such as paging, must wait for that: the cursor of one order is refused in another.
 */
import { createContext, useContext } from "react";

export const Stale = createContext(false);
export const useIsStale = (): boolean => useContext(Stale);
