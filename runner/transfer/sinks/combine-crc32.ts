/** CRC-32 of joined bytes from the CRC-32 of each half, so that no byte is summed twice. The method of zlib's `crc32_combine`. */

/** Polynomials over GF(2) in 32 bits, the coefficient of x^0 in the highest, as CRC-32 stores them. */
const crcPolynomial = 0xedb88320;
const one = 0x80000000;
const x = 0x40000000;

/** Product modulo the polynomial of CRC-32. */
const multiply = (a: number, b: number): number => {
  let product = 0;
  let shifted = b;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ crcPolynomial;
  }
  return product >>> 0;
};

/** Returns the CRC-32 of `a` followed by `b`. Takes microseconds, whatever the lengths. */
export const combineCrc32 = (crcOfA: number, crcOfB: number, bytesOfB: number): number => {
  let power = one;
  let square = x;
  // x to the power of the bits of `b`, by squaring.
  for (let bits = bytesOfB * 8; bits > 0; bits = Math.floor(bits / 2)) {
    if (bits % 2 === 1) power = multiply(square, power);
    square = multiply(square, square);
  }
  return (multiply(power, crcOfA) ^ crcOfB) >>> 0;
};
