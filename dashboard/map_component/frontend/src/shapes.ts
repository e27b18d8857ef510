/** Outlines of the marker shapes around the middle, for a diameter of 1. */
import type { Shape } from "./contract.ts"

const STAR = Array.from({ length: 10 }, (_, corner) => {
  const radius = corner % 2 === 0 ? 0.62 : 0.27
  const angle = -Math.PI / 2 + (corner * Math.PI) / 5
  return [radius * Math.cos(angle), radius * Math.sin(angle)] as const
})

/** Corners of each shape; a circle has none. */
export const CORNERS: Record<Shape, readonly (readonly [number, number])[]> = {
  circle: [],
  square: [[-0.44, -0.44], [0.44, -0.44], [0.44, 0.44], [-0.44, 0.44]],
  diamond: [[0, -0.6], [0.6, 0], [0, 0.6], [-0.6, 0]],
  "triangle-up": [[0, -0.6], [0.56, 0.42], [-0.56, 0.42]],
  "triangle-down": [[0, 0.6], [-0.56, -0.42], [0.56, -0.42]],
  cross: plus(0.56, 0.18),
  x: plus(0.62, 0.18).map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2] as const),
  star: STAR,
}

function plus(long: number, thick: number): readonly (readonly [number, number])[] {
  return [
    [-thick, -long], [thick, -long], [thick, -thick], [long, -thick], [long, thick],
    [thick, thick], [thick, long], [-thick, long], [-thick, thick], [-long, thick],
    [-long, -thick], [-thick, -thick],
  ]
}

/** An SVG path of a shape. */
export function shapePath(shape: Shape, x: number, y: number, diameter: number): string {
  const corners = CORNERS[shape] ?? []
  if (corners.length === 0) {
    const r = diameter / 2
    return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`
  }
  const places = corners.map(([cx, cy]) => `${x + cx * diameter} ${y + cy * diameter}`)
  return `M${places.join("L")}Z`
}

/** Adds a shape to a canvas path. */
export function tracePath(
  path: CanvasPath,
  shape: Shape,
  x: number,
  y: number,
  diameter: number,
): void {
  const corners = CORNERS[shape] ?? []
  if (corners.length === 0) {
    path.moveTo(x + diameter / 2, y)
    path.arc(x, y, diameter / 2, 0, 2 * Math.PI)
    return
  }
  corners.forEach(([cx, cy], corner) => {
    if (corner === 0) path.moveTo(x + cx * diameter, y + cy * diameter)
    else path.lineTo(x + cx * diameter, y + cy * diameter)
  })
  path.closePath()
}
