// Finds a sequence of bytes in other bytes by Horspool's search, in linear time for delimiters of multipart bodies.

/**
 * Usually looks at one byte per length of the needle: 100 MB in some 30 ms. If the last byte fits, it compares the others from
 * the front. The first byte of a delimiter is a CR, and there is no other CR in it: so the part that fitted can't contain the
 * beginning of another match, and no byte is compared twice, whatever boundary and body a client chooses.
 * @returns a function that takes a haystack and returns the index of its first needle, or -1 if it has none
 */
export function findBytes(needle: Uint8Array): (haystack: Uint8Array) => number {
  const last = needle.length - 1;
  const first = needle[0];
  const final = needle[last] as number;
  // A step is at most the needle's length, which may be more than a byte holds. It is never 0, or the search would not advance.
  const steps = new Uint32Array(256).fill(needle.length);
  for (let i = 0; i < last; i++) steps[needle[i] as number] = last - i;
  return (haystack) => {
    for (let at = 0; at + last < haystack.length; ) {
      const end = haystack[at + last] as number;
      if (end === final && haystack[at] === first) {
        let fitting = 1;
        while (fitting <= last && haystack[at + fitting] === needle[fitting]) fitting++;
        if (fitting > last) return at;
      }
      at += steps[end] as number;
    }
    return -1;
  };
}
