/** Where words stand on the map: never over each other, never cut by the edge. */
import type { Size } from "./camera.ts"
import type { Point } from "./geometry.ts"

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

export interface Wanted {
  /** The place that the words belong to, in pixels. */
  anchor: Point
  width: number
  height: number
  /** Distance between the place and the words. */
  gap: number
  /** Whether the words may stand on the place itself. */
  centered: boolean
  /** Whether the words must be shown even if they cover others. */
  required: boolean
}

const EDGE = 4

/**
 * Chooses a place for each label, in the order given: the first come first.
 *
 * @param taken Boxes that must stay free.
 * @returns Boxes in the order of `wanted`; null where there was no room or the place is not seen.
 */
export function placeLabels(
  wanted: readonly Wanted[],
  frame: Size,
  taken: readonly Box[] = [],
): (Box | null)[] {
  const used = [...taken]
  return wanted.map((label) => {
    if (!isWithin(label.anchor, frame)) return null
    const choices = candidates(label).map((box) => moveInside(box, frame))
    const free = choices.find((box) => used.every((other) => !overlap(box, other)))
    const chosen = free ?? (label.required ? choices[0]! : null)
    if (chosen !== null) used.push(chosen)
    return chosen
  })
}

function candidates({ anchor: { x, y }, width, height, gap, centered }: Wanted): Box[] {
  const at = (left: number, top: number): Box => ({
    left,
    top,
    right: left + width,
    bottom: top + height,
  })
  const middle = at(x - width / 2, y - height / 2)
  const around = [
    at(x - width / 2, y - gap - height),
    at(x - width / 2, y + gap),
    at(x + gap, y - height / 2),
    at(x - gap - width, y - height / 2),
    at(x + gap, y - gap - height),
    at(x - gap - width, y - gap - height),
    at(x + gap, y + gap),
    at(x - gap - width, y + gap),
  ]
  return centered ? [middle, ...around] : around
}

function isWithin({ x, y }: Point, { width, height }: Size): boolean {
  return x >= 0 && y >= 0 && x <= width && y <= height
}

function moveInside(box: Box, { width, height }: Size): Box {
  const right = Math.max(0, EDGE - box.left) - Math.max(0, box.right - (width - EDGE))
  const down = Math.max(0, EDGE - box.top) - Math.max(0, box.bottom - (height - EDGE))
  return {
    left: box.left + right,
    top: box.top + down,
    right: box.right + right,
    bottom: box.bottom + down,
  }
}

export function overlap(one: Box, other: Box): boolean {
  return (
    one.left < other.right &&
    other.left < one.right &&
    one.top < other.bottom &&
    other.top < one.bottom
  )
}
