/** How one to four panels share the room. */
import type { Size } from "./camera.ts"
import { rootScale } from "./dom.ts"

const LEGEND_WIDTH = 248
const LEGEND_HEIGHT = 112
const GAP = 10
const LEAST_STAGE = 120
/** Maps are a little wider than high. */
const USUAL_SHAPE = 1.35

export interface Arrangement {
  columns: number
  rows: number
  legend: "beside" | "below"
}

/**
 * Chooses the arrangement in which a map of the usual shape becomes largest.
 *
 * @param scale How much larger than usual the text of the legends is.
 */
export function chooseArrangement(panels: number, { width, height }: Size, scale = 1): Arrangement {
  let best: Arrangement = { columns: 1, rows: panels, legend: "beside" }
  let largest = -1
  for (let columns = 1; columns <= panels; columns++) {
    const rows = Math.ceil(panels / columns)
    const cell = {
      width: (width - GAP * (columns - 1)) / columns,
      height: (height - GAP * (rows - 1)) / rows,
    }
    const beside = Math.min((cell.width - LEGEND_WIDTH * scale) / USUAL_SHAPE, cell.height)
    const below = Math.min(cell.width / USUAL_SHAPE, cell.height - LEGEND_HEIGHT * scale)
    for (const [side, legend] of [[beside, "beside"], [below, "below"]] as const) {
      if (side > largest) [largest, best] = [side, { columns, rows, legend }]
    }
  }
  return best
}

/** The parts of a panel that share its room. */
export interface Parts {
  stage: HTMLElement
  legend: { element: HTMLElement }
}

/**
 * Arranges the panels and measures the room that each leaves for its points.
 *
 * @returns Size of a stage in pixels, the same for all; null while the map is not on the page.
 */
export function arrange(grid: HTMLElement, panels: readonly Parts[]): Size | null {
  const { clientWidth: width, clientHeight: height } = grid
  if (panels.length === 0 || width < 1 || height < 1) return null
  const { columns, rows, legend } = chooseArrangement(panels.length, { width, height }, rootScale())
  grid.style.setProperty("--columns", String(columns))
  grid.style.setProperty("--rows", String(rows))
  grid.dataset.legend = legend
  // Legends of one height leave stages of one size, which linked cameras need.
  grid.style.setProperty("--legend-height", "auto")
  const highest = Math.max(...panels.map((panel) => panel.legend.element.offsetHeight))
  grid.style.setProperty("--legend-height", legend === "below" ? `${highest}px` : "auto")
  const sizes = panels.map(({ stage }) => stage)
  const size = {
    width: Math.max(LEAST_STAGE, Math.min(...sizes.map(({ clientWidth }) => clientWidth))),
    height: Math.max(LEAST_STAGE, Math.min(...sizes.map(({ clientHeight }) => clientHeight))),
  }
  grid.style.setProperty("--stage-width", `${size.width}px`)
  grid.style.setProperty("--stage-height", `${size.height}px`)
  return size
}
