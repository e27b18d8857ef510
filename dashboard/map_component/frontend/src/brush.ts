/** What is drawn on a panel, and what can draw it. */
import type { Rgba } from "./classes.ts"

/** Points that follow one another and look alike. */
export interface Run {
  first: number
  count: number
  color: Rgba
  /** Device pixels. */
  diameter: number
}

export interface Picture {
  /** x and y of each point as 16-bit steps, (N, 2), in the order of drawing. */
  places: Uint16Array
  runs: Run[]
  /** Factors and offsets from shares of the map to the edges of the picture, -1 and 1. */
  sight: [number, number, number, number]
  /** Device pixels over which the edge of a point fades, to either side. */
  softness: number
  /** Device pixels. */
  width: number
  height: number
}

export interface Brush {
  /** Draws on a canvas of the picture's size. */
  draw(picture: Picture, context: CanvasRenderingContext2D): void
  /** Gives back what is kept for these points. */
  forget(places: Uint16Array): void
  destroy(): void
}
