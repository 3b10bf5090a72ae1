/** Counts rows in the bytes of a file, piece by piece, in constant memory. Stage 3 of `verify`, after checksum and decompression. */

export type RowCounter = {
  add: (bytes: Uint8Array) => void;
  /** Returns the rows, or a sentence that says why the file is not whole. */
  end: () => number | string;
};

const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const open = [0x5b, 0x7b];
const close = [0x5d, 0x7d];
const isSpace = (byte: number): boolean => byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09;

/** One document for each line. */
export const jsonlRows = (): RowCounter => {
  let rows = 0;
  let last = newline;
  return {
    add: (bytes) => {
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) rows += 1;
      last = bytes.at(-1) ?? last;
    },
    end: () => (last === newline ? rows : "The last line has no end."),
  };
};

/** RFC 4180 with a header: line breaks inside quotes are part of a value, and a doubled quote opens and closes at once. */
export const csvRows = (): RowCounter => {
  let lines = 0;
  let isQuoted = false;
  let last = newline;
  return {
    add: (bytes) => {
      for (const byte of bytes) {
        if (byte === quote) isQuoted = !isQuoted;
        else if (byte === newline && !isQuoted) lines += 1;
      }
      last = bytes.at(-1) ?? last;
    },
    end: () => (isQuoted ? "A quote is not closed." : last !== newline ? "The last line has no end." : Math.max(0, lines - 1)),
  };
};

/** Elements of one array. */
export const jsonRows = (): RowCounter => {
  let rows = 0;
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  let hasElement = false;
  let isOver = false;
  let isWrong = false;
  const addByte = (byte: number): void => {
    if (isText) {
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) isText = false;
      return;
    }
    if (isSpace(byte)) return;
    if (isOver || (depth === 0 && byte !== open[0])) isWrong = true;
    if (depth === 1 && byte === comma) rows += 1;
    else if (depth === 1 && !close.includes(byte)) hasElement = true;
    if (byte === quote) isText = true;
    else if (open.includes(byte)) depth += 1;
    else if (close.includes(byte)) depth -= 1;
    isOver = depth === 0;
  };
  return {
    add: (bytes) => {
      for (const byte of bytes) addByte(byte);
    },
    end: () => (isWrong ? "It is no JSON array." : isOver ? rows + Number(hasElement) : "The array is not closed."),
  };
};
