/** How one to four panels share the room. */
import type { Size } from "./camera.ts"

const LEGEND_PIXELS = 236
const WIDE_PANEL = 620
const LEAST_STAGE = 120

/** Columns of the grid for a number of panels and the width there is. */
export function columnsFor(panels: number, width: number): number {
  if (panels <= 1 || width < 560) return 1
  if (panels === 3 && width >= 1_500) return 3
  return 2
}

/**
 * Arranges the panels and measures the room that each leaves for its points.
 *
 * @returns The smallest stage in pixels; null while the map is not on the page.
 */
export function arrange(grid: HTMLElement, stages: readonly HTMLElement[]): Size | null {
  const { clientWidth: width, clientHeight: height } = grid
  if (stages.length === 0 || width < 1 || height < 1) return null
  const columns = columnsFor(stages.length, width)
  const beside = width / columns >= WIDE_PANEL
  grid.style.setProperty("--columns", String(columns))
  grid.style.setProperty("--rows", String(Math.ceil(stages.length / columns)))
  grid.style.setProperty("--legend", `${LEGEND_PIXELS}px`)
  grid.dataset.legend = beside ? "beside" : "below"
  const sizes = stages.map(({ clientWidth, clientHeight }) => ({ clientWidth, clientHeight }))
  return {
    width: Math.max(LEAST_STAGE, Math.min(...sizes.map(({ clientWidth }) => clientWidth))),
    height: Math.max(LEAST_STAGE, Math.min(...sizes.map(({ clientHeight }) => clientHeight))),
  }
}
