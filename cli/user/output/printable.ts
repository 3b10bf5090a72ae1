/**
 * Text of others, such as the name of an export, must not steer the terminal: control characters and marks that turn the direction of
 * writing are replaced. Line breaks become spaces.
 */
export const printable = (text: string): string =>
  text
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be replaced
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
