/** How large a point is drawn and how opaque, by crowding and zoom. */

const BY_NUMBER: readonly (readonly [number, number])[] = [
  [1_500, 8],
  [8_000, 6],
  [20_000, 5],
  [35_000, 4],
  [120_000, 3],
]
const SMALLEST = 2
const LARGEST = 14
/** Points grow more slowly than the map, so that crowds come apart. */
const GROWTH = 0.38
/** Panel area for which the sizes above were chosen. */
const USUAL_PIXELS = 1_000 * 700

/** Diameter of a point in pixels. */
export function pointSize(num: number, zoom: number, pixels: number): number {
  const usual = BY_NUMBER.find(([most]) => num <= most)?.[1] ?? SMALLEST
  const room = Math.sqrt(Math.sqrt(pixels / USUAL_PIXELS))
  const size = usual * room * Math.max(0.6, zoom) ** GROWTH
  return Math.round(Math.min(LARGEST, Math.max(1.5, size)) * 4) / 4
}

/** Factor of the opacity: crowded maps let what lies below shine through. */
export function crowdFade(num: number, zoom: number): number {
  const crowding = Math.log10(Math.max(1, num / 20_000 / zoom))
  return Math.round(Math.max(0.6, 1 - 0.22 * crowding) * 20) / 20
}
