/** Few points in sight are drawn with their shapes, which tell groups apart without color. */
import type { Camera } from "./camera.ts"
import type { ClassTable } from "./classes.ts"
import { STATES } from "./classes.ts"
import type { PanelScene, Shape } from "./contract.ts"
import type { Geometry } from "./geometry.ts"
import { STEPS } from "./geometry.ts"
import type { Grid } from "./pick.ts"
import { tracePath } from "./shapes.ts"

/** Most points in sight; more would neither be told apart nor drawn in time. */
export const MOST_GLYPHS = 5_000
/** A shape needs a little more room than a disk to be told apart. */
const SHAPE_SIZE = 1.3

/** Rows within the camera's view, sorted; null when there are too many. */
export function rowsInView(geometry: Geometry, grid: Grid, camera: Camera): Uint32Array | null {
  const [left, right, bottom, top] = viewInCells(geometry, grid, camera)
  let total = 0
  for (let cy = bottom; cy <= top; cy++) {
    total += grid.start[cy * grid.cells + right + 1]! - grid.start[cy * grid.cells + left]!
    if (total > MOST_GLYPHS) return null
  }
  const rows = new Uint32Array(total)
  let filled = 0
  for (let cy = bottom; cy <= top; cy++) {
    const from = grid.start[cy * grid.cells + left]!
    const part = grid.rows.subarray(from, grid.start[cy * grid.cells + right + 1]!)
    rows.set(part, filled)
    filled += part.length
  }
  return rows.sort()
}

function viewInCells(
  geometry: Geometry,
  { cells }: Grid,
  camera: Camera,
): [number, number, number, number] {
  const [x0, x1, y0, y1] = camera.view
  const clamp = (cell: number) => Math.max(0, Math.min(cells - 1, Math.floor(cell)))
  const column = (x: number) => clamp(((x - geometry.xmin) / (geometry.xstep || 1) / STEPS) * cells)
  const line = (y: number) => clamp(((y - geometry.ymin) / (geometry.ystep || 1) / STEPS) * cells)
  return [column(x0), column(x1), line(y0), line(y1)]
}

export interface Glyphs {
  geometry: Geometry
  classes: Uint16Array
  table: ClassTable
  panel: PanelScene
  diameter: number
}

/** Draws rows onto a canvas of the panel's size. */
export function drawGlyphs(
  canvas: HTMLCanvasElement,
  rows: Uint32Array,
  { geometry, classes, table, panel, diameter }: Glyphs,
  camera: Camera,
): void {
  const context = prepare(canvas, camera)
  if (context === null) return
  const { ranks } = table
  const order = Array.from(rows).sort((a, b) => ranks[classes[a]!]! - ranks[classes[b]!]! || a - b)
  const styles = table.colors.map(([r, g, b, a]) => `rgba(${r * 255},${g * 255},${b * 255},${a})`)
  const shapes = shapesOf(panel, table.num)
  for (const row of order) {
    const at = classes[row]!
    if (table.colors[at]![3] === 0) continue
    const { x, y } = camera.toPixels({
      x: geometry.xmin + geometry.x[row]! * geometry.xstep,
      y: geometry.ymin + geometry.y[row]! * geometry.ystep,
    })
    const shape = shapes[at]!
    const size = diameter * table.sizes[at]! * (shape === "circle" ? 1 : SHAPE_SIZE)
    context.fillStyle = styles[at]!
    context.beginPath()
    tracePath(context, shape, x, y, size)
    context.fill()
  }
}

function prepare(canvas: HTMLCanvasElement, { size }: Camera): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio
  canvas.width = Math.round(size.width * ratio)
  canvas.height = Math.round(size.height * ratio)
  const context = canvas.getContext("2d")
  context?.scale(ratio, ratio)
  return context
}

function shapesOf(panel: PanelScene, codes: number): Shape[] {
  const known = panel.kind === "categories" ? panel.entries.map(({ shape }) => shape) : []
  return Array.from({ length: codes * STATES }, (_, at) => known[at % codes] ?? "circle")
}
