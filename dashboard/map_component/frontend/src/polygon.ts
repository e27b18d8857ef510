/** Which tumors lie within a line drawn by the reader. */
import type { Geometry, Point } from "./geometry.ts"

const BANDS = 256

/** A polygon in steps of the geometry, its edges sorted into horizontal bands. */
interface Banded {
  left: number
  right: number
  bottom: number
  top: number
  /** Edges as x0, y0, x1, y1, for each band. */
  bands: Float64Array[]
}

/**
 * Tests every tumor against a closed polygon (even-odd rule).
 *
 * A lasso has hundreds of corners, so a tumor is compared only with the edges of its own band:
 * 300,000 tumors take some milliseconds instead of some hundred.
 *
 * @param polygon Corners in map coordinates; the last is joined to the first.
 * @param eligible One byte a tumor; zero leaves it out. Null takes all.
 * @returns One byte a tumor, 1 inside.
 */
export function findInside(
  geometry: Geometry,
  polygon: readonly Point[],
  eligible: Uint8Array | null = null,
): Uint8Array {
  const inside = new Uint8Array(geometry.num)
  if (polygon.length < 3) return inside
  const banded = sortEdges(toSteps(geometry, polygon))
  const { left, right, bottom, top, bands } = banded
  const perStep = BANDS / Math.max(top - bottom, 1e-9)
  const { x: xs, y: ys } = geometry
  for (let row = 0; row < geometry.num; row++) {
    const x = xs[row]!
    const y = ys[row]!
    if (x < left || x > right || y < bottom || y > top) continue
    if (eligible !== null && !eligible[row]) continue
    const band = Math.min(BANDS - 1, Math.floor((y - bottom) * perStep))
    inside[row] = isLeftOfOddEdges(bands[band]!, x, y)
  }
  return inside
}

function toSteps(geometry: Geometry, polygon: readonly Point[]): Point[] {
  return polygon.map(({ x, y }) => ({
    x: (x - geometry.xmin) / (geometry.xstep || 1),
    y: (y - geometry.ymin) / (geometry.ystep || 1),
  }))
}

function sortEdges(corners: Point[]): Banded {
  const xs = corners.map(({ x }) => x)
  const ys = corners.map(({ y }) => y)
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)]
  const lists: number[][] = Array.from({ length: BANDS }, () => [])
  const perStep = BANDS / Math.max(top - bottom, 1e-9)
  const bandOf = (y: number) => Math.min(BANDS - 1, Math.floor((y - bottom) * perStep))
  corners.forEach((from, index) => {
    const to = corners[(index + 1) % corners.length]!
    const last = bandOf(Math.max(from.y, to.y))
    for (let band = bandOf(Math.min(from.y, to.y)); band <= last; band++) {
      lists[band]!.push(from.x, from.y, to.x, to.y)
    }
  })
  return {
    left: Math.min(...xs),
    right: Math.max(...xs),
    bottom,
    top,
    bands: lists.map((list) => Float64Array.from(list)),
  }
}

function isLeftOfOddEdges(edges: Float64Array, x: number, y: number): number {
  let odd = 0
  for (let at = 0; at < edges.length; at += 4) {
    const y0 = edges[at + 1]!
    const y1 = edges[at + 3]!
    if (y0 > y === y1 > y) continue
    const x0 = edges[at]!
    if (x < x0 + ((edges[at + 2]! - x0) * (y - y0)) / (y1 - y0)) odd ^= 1
  }
  return odd
}

/** Leaves out corners that are closer than `least` to the one before. */
export function thinOut(corners: readonly Point[], least: number): Point[] {
  const kept: Point[] = []
  for (const corner of corners) {
    const last = kept.at(-1)
    if (!last || Math.hypot(corner.x - last.x, corner.y - last.y) >= least) kept.push(corner)
  }
  return kept
}
