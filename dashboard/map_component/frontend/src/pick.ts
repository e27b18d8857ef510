/** The tumor nearest to a place, by a grid over the map. */
import { STEPS, type Geometry, type Point } from "./geometry.ts"

const TUMORS_PER_CELL = 3
const MOST_CELLS = 1024

export interface Grid {
  /** Cells along each axis. */
  cells: number
  /** Rows sorted by cell; those of cell c are `rows[start[c]]` to `rows[start[c + 1]]`. */
  start: Uint32Array
  rows: Uint32Array
}

/** Sorts tumors into the cells of a square grid, by counting. */
export function buildGrid({ x, y, num }: Geometry): Grid {
  const cells = Math.max(1, Math.min(MOST_CELLS, Math.round(Math.sqrt(num / TUMORS_PER_CELL))))
  const cellOf = (row: number) =>
    Math.floor((y[row]! * cells) / (STEPS + 1)) * cells +
    Math.floor((x[row]! * cells) / (STEPS + 1))
  const start = new Uint32Array(cells * cells + 1)
  for (let row = 0; row < num; row++) start[cellOf(row) + 1]!++
  for (let cell = 0; cell < cells * cells; cell++) start[cell + 1]! += start[cell]!
  const next = start.slice()
  const rows = new Uint32Array(num)
  for (let row = 0; row < num; row++) rows[next[cellOf(row)]!++] = row
  return { cells, start, rows }
}

/**
 * Finds the eligible tumor nearest to a place.
 *
 * @param reach Largest distance in map units.
 * @returns Its row, or -1 when none lies within reach.
 */
export function findNearest(
  geometry: Geometry,
  grid: Grid,
  place: Point,
  reach: number,
  eligible: Uint8Array | null,
): number {
  let nearest = -1
  let least = reach * reach
  forEachNear(geometry, grid, place, reach, (row) => {
    if (eligible !== null && !eligible[row]) return
    const dx = geometry.xmin + geometry.x[row]! * geometry.xstep - place.x
    const dy = geometry.ymin + geometry.y[row]! * geometry.ystep - place.y
    const distance = dx * dx + dy * dy
    if (distance <= least) [nearest, least] = [row, distance]
  })
  return nearest
}

function forEachNear(
  geometry: Geometry,
  { cells, start, rows }: Grid,
  place: Point,
  reach: number,
  visit: (row: number) => void,
): void {
  const clamp = (cell: number) => Math.max(0, Math.min(cells - 1, Math.floor(cell)))
  const column = (x: number) => clamp(((x - geometry.xmin) / (geometry.xstep || 1) / STEPS) * cells)
  const line = (y: number) => clamp(((y - geometry.ymin) / (geometry.ystep || 1) / STEPS) * cells)
  const [left, right] = [column(place.x - reach), column(place.x + reach)]
  const [bottom, top] = [line(place.y - reach), line(place.y + reach)]
  for (let cy = bottom; cy <= top; cy++) {
    const end = start[cy * cells + right + 1]!
    for (let at = start[cy * cells + left]!; at < end; at++) visit(rows[at]!)
  }
}
