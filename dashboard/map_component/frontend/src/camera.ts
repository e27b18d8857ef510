/** What part of the map is seen. One camera serves all linked panels. */
import type { View } from "./contract.ts"
import type { Point } from "./geometry.ts"

const MOST_ZOOM = 400
const LEAST_ZOOM = 0.5
const MARGIN = 1.08

export interface Size {
  width: number
  height: number
}

export class Camera {
  /** Map coordinates in the middle of the panel. */
  x = 0
  y = 0
  /** Pixels of one map unit, the same along both axes. */
  scale = 1
  size: Size = { width: 1, height: 1 }
  private home = { x: 0, y: 0, width: 1, height: 1 }

  setHome(middle: Point, width: number, height: number): void {
    this.home = { ...middle, width, height }
  }

  /** Pixels of one map unit when the whole map is seen. */
  get homeScale(): number {
    const { width, height } = this.home
    return Math.min(this.size.width / width, this.size.height / height) / MARGIN
  }

  /** 1 when the whole map is seen, 2 when it is twice as large. */
  get zoom(): number {
    return this.scale / this.homeScale
  }

  showAll(): void {
    this.x = this.home.x
    this.y = this.home.y
    this.scale = this.homeScale
  }

  /** Shows at least the given part. */
  showView([x0, x1, y0, y1]: View): void {
    this.x = (x0 + x1) / 2
    this.y = (y0 + y1) / 2
    const fitting = Math.min(
      this.size.width / Math.max(x1 - x0, 1e-9),
      this.size.height / Math.max(y1 - y0, 1e-9),
    )
    this.scale = this.limited(fitting)
  }

  get view(): View {
    const [w, h] = [this.size.width / this.scale / 2, this.size.height / this.scale / 2]
    return [this.x - w, this.x + w, this.y - h, this.y + h]
  }

  /** Keeps the middle and what is seen when the panel becomes larger or smaller. */
  resize(size: Size): void {
    const zoom = this.zoom
    this.size = size
    this.scale = this.homeScale * zoom
  }

  panBy(right: number, down: number): void {
    this.x -= right / this.scale
    this.y += down / this.scale
    this.keepInSight()
  }

  /** Enlarges by `factor` around a place of the panel in pixels. */
  zoomBy(factor: number, at: Point = { x: this.size.width / 2, y: this.size.height / 2 }): void {
    const fixed = this.toMap(at)
    this.scale = this.limited(this.scale * factor)
    const moved = this.toMap(at)
    this.x += fixed.x - moved.x
    this.y += fixed.y - moved.y
    this.keepInSight()
  }

  toPixels(place: Point): Point {
    return {
      x: this.size.width / 2 + (place.x - this.x) * this.scale,
      y: this.size.height / 2 - (place.y - this.y) * this.scale,
    }
  }

  toMap(pixel: Point): Point {
    return {
      x: this.x + (pixel.x - this.size.width / 2) / this.scale,
      y: this.y - (pixel.y - this.size.height / 2) / this.scale,
    }
  }

  private limited(scale: number): number {
    const home = this.homeScale
    return Math.min(home * MOST_ZOOM, Math.max(home * LEAST_ZOOM, scale))
  }

  /** The map never leaves the panel altogether. */
  private keepInSight(): void {
    const { x, y, width, height } = this.home
    this.x = Math.min(x + width / 2, Math.max(x - width / 2, this.x))
    this.y = Math.min(y + height / 2, Math.max(y - height / 2, this.y))
  }
}
