/** A value once it has stayed the same for a while. Values that are equal as JSON are the same. */
import { useEffect, useState } from "react";

export const useDebounced = <Value>(value: Value, quietMs: number): Value => {
  const [quiet, setQuiet] = useState(value);
  const text = JSON.stringify(value);
  // The text stands for the value.
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), quietMs);
    return () => clearTimeout(timer);
  }, [text, quietMs]);
  return JSON.stringify(quiet) === text ? value : quiet;
};
