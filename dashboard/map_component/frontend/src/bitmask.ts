/** Sets of rows as bits, lowest bit first, the form in which they travel. */

/** Packs one byte a row (zero or not) into one bit a row. */
export function packBits(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8))
  for (let row = 0; row < flags.length; row++) {
    if (flags[row]) bits[row >> 3]! |= 1 << (row & 7)
  }
  return bits
}

/** Unpacks `num` rows into one byte each: 1 inside, 0 outside. */
export function unpackBits(bits: Uint8Array, num: number): Uint8Array {
  const needed = Math.ceil(num / 8)
  if (bits.length < needed) {
    throw new Error(`A set of ${num} rows needs ${needed} bytes, found ${bits.length}.`)
  }
  const flags = new Uint8Array(num)
  for (let row = 0; row < num; row++) flags[row] = (bits[row >> 3]! >> (row & 7)) & 1
  return flags
}

export function countFlags(flags: Uint8Array): number {
  let count = 0
  for (let row = 0; row < flags.length; row++) if (flags[row]) count++
  return count
}

const CHUNK = 0x8000

export function toBase64(bytes: Uint8Array): string {
  let text = ""
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  }
  return btoa(text)
}

export type Change = "replace" | "add" | "remove"

/** Changes a set of rows by another; returns a new one. */
export function combine(old: Uint8Array | null, found: Uint8Array, change: Change): Uint8Array {
  if (change === "replace" || old === null) {
    return change === "remove" ? new Uint8Array(found.length) : found
  }
  const result = old.slice()
  const value = change === "add" ? 1 : 0
  for (let row = 0; row < found.length; row++) if (found[row]) result[row] = value
  return result
}
