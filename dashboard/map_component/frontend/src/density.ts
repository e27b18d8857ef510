/** Lines of equal density: counts on a small grid, smoothed, then marching squares. */
import { STEPS, type Geometry } from "./geometry.ts"

export const GRID = 160
const BLUR_CELLS = 2
const BLUR_ROUNDS = 3
/** Share of the tumors that lie outside of each line, from the outermost inwards. */
const LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9]

/** Counts of tumors in the cells of a grid with an empty border, smoothed, (GRID * GRID,). */
export function countCells(geometry: Geometry, eligible: Uint8Array | null): Float32Array {
  const cells = new Float32Array(GRID * GRID)
  const inner = GRID - 8
  for (let row = 0; row < geometry.num; row++) {
    if (eligible !== null && !eligible[row]) continue
    const cx = 4 + Math.floor((geometry.x[row]! * inner) / (STEPS + 1))
    const cy = 4 + Math.floor((geometry.y[row]! * inner) / (STEPS + 1))
    cells[cy * GRID + cx]!++
  }
  let smooth: Float32Array = cells
  // Three box filters in each direction are close to a Gaussian.
  for (let round = 0; round < BLUR_ROUNDS; round++) smooth = blur(blur(smooth, 1), GRID)
  return smooth
}

function blur(cells: Float32Array, stride: number): Float32Array {
  const result = new Float32Array(cells.length)
  const other = stride === 1 ? GRID : 1
  for (let line = 0; line < GRID; line++) {
    for (let at = 0; at < GRID; at++) {
      let sum = 0
      for (let off = -BLUR_CELLS; off <= BLUR_CELLS; off++) {
        const place = at + off
        if (place >= 0 && place < GRID) sum += cells[line * other + place * stride]!
      }
      result[line * other + at * stride] = sum / (2 * BLUR_CELLS + 1)
    }
  }
  return result
}

/** Densities above which the given shares of all tumors lie. */
export function chooseLevels(cells: Float32Array): number[] {
  const sorted = Float32Array.from(cells).sort()
  const total = sorted.reduce((sum, value) => sum + value, 0)
  const levels: number[] = []
  let [below, at] = [0, 0]
  for (const share of LEVELS) {
    while (at < sorted.length - 1 && below + sorted[at]! < share * total) below += sorted[at++]!
    if (sorted[at]! > 0) levels.push(sorted[at]!)
  }
  return [...new Set(levels)]
}

/**
 * Edges of a cell that a line crosses, for each of the 16 corner patterns.
 *
 * Edges: 0 bottom, 1 right, 2 top, 3 left.
 */
const CROSSINGS: readonly (readonly (readonly [number, number])[])[] = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
]

/** Line segments at a level as x0, y0, x1, y1 in cells, one after another. */
export function traceLevel(cells: Float32Array, level: number): number[] {
  const segments: number[] = []
  for (let cy = 0; cy < GRID - 1; cy++) {
    for (let cx = 0; cx < GRID - 1; cx++) traceCell(cells, level, cx, cy, segments)
  }
  return segments
}

function traceCell(
  cells: Float32Array,
  level: number,
  cx: number,
  cy: number,
  segments: number[],
): void {
  const at = cy * GRID + cx
  const corners = [cells[at]!, cells[at + 1]!, cells[at + GRID + 1]!, cells[at + GRID]!]
  const pattern = corners.reduce((sum, value, bit) => sum | (value >= level ? 1 << bit : 0), 0)
  for (const [from, to] of CROSSINGS[pattern]!) {
    segments.push(...crossing(corners, level, from, cx, cy), ...crossing(corners, level, to, cx, cy))
  }
}

function crossing(
  corners: number[],
  level: number,
  edge: number,
  cx: number,
  cy: number,
): [number, number] {
  const [from, to] = [corners[edge]!, corners[(edge + 1) % 4]!]
  const share = (level - from) / (to - from || 1)
  if (edge === 0) return [cx + share, cy]
  if (edge === 1) return [cx + 1, cy + share]
  if (edge === 2) return [cx + 1 - share, cy + 1]
  return [cx, cy + 1 - share]
}

/** A grid coordinate as map coordinates: the middle of the cell it lies in. */
export function cellToMap(geometry: Geometry, cx: number, cy: number): [number, number] {
  const inner = GRID - 8
  return [
    geometry.xmin + ((cx + 0.5 - 4) / inner) * STEPS * geometry.xstep,
    geometry.ymin + ((cy + 0.5 - 4) / inner) * STEPS * geometry.ystep,
  ]
}

/** An SVG path for each level, in map coordinates with y downwards, from the outermost inwards. */
export function contourPaths(geometry: Geometry, eligible: Uint8Array | null): string[] {
  const cells = countCells(geometry, eligible)
  return chooseLevels(cells).map((level) => {
    const segments = traceLevel(cells, level)
    let path = ""
    for (let at = 0; at < segments.length; at += 4) {
      const [x0, y0] = cellToMap(geometry, segments[at]!, segments[at + 1]!)
      const [x1, y1] = cellToMap(geometry, segments[at + 2]!, segments[at + 3]!)
      path += `M${short(x0)} ${short(-y0)}L${short(x1)} ${short(-y1)}`
    }
    return path
  })
}

function short(value: number): string {
  return String(Math.round(value * 1e4) / 1e4)
}
