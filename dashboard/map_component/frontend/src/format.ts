/** Numbers as they are written on the map. */

const WHOLE = new Intl.NumberFormat("en-US")

/** A count with separators: 12,345. */
export function count(value: number): string {
  return WHOLE.format(value)
}

/** A count of tumors in words: "1 tumor", "12,345 tumors". */
export function tumors(value: number): string {
  return `${count(value)} ${value === 1 ? "tumor" : "tumors"}`
}
