/** Walks from tumor to tumor by keyboard, outwards from the middle of what is seen. */
import type { Camera } from "./camera.ts"
import type { Geometry } from "./geometry.ts"

const MOST = 200

export class Walk {
  private rows: number[] = []
  private at = -1

  /** Begins at the tumor nearest to the middle; returns its row, or -1. */
  begin(geometry: Geometry, camera: Camera, eligible: Uint8Array | null): number {
    const distances = distancesInView(geometry, camera, eligible)
    // The most distant that still counts: sorting plain numbers is fast even for a million.
    const farthest = distances.slice().sort()[MOST - 1] ?? Infinity
    const near: number[] = []
    for (let row = 0; row < geometry.num; row++) {
      if (distances[row]! <= farthest && distances[row]! < Infinity) near.push(row)
    }
    near.sort((one, other) => distances[one]! - distances[other]!)
    this.rows = near.slice(0, MOST)
    this.at = 0
    return this.rows[0] ?? -1
  }

  /** Goes on by one, or back; returns the row, or -1 before a beginning. */
  step(by: number): number {
    const { length } = this.rows
    if (length === 0) return -1
    this.at = (this.at + by + length) % length
    return this.rows[this.at]!
  }
}

/** Squared distances from the middle, (N,), in map units; infinite for those not in sight. */
function distancesInView(
  geometry: Geometry,
  camera: Camera,
  eligible: Uint8Array | null,
): Float64Array {
  const [x0, x1, y0, y1] = camera.view
  const distances = new Float64Array(geometry.num).fill(Infinity)
  for (let row = 0; row < geometry.num; row++) {
    if (eligible !== null && !eligible[row]) continue
    const x = geometry.xmin + geometry.x[row]! * geometry.xstep
    const y = geometry.ymin + geometry.y[row]! * geometry.ystep
    if (x < x0 || x > x1 || y < y0 || y > y1) continue
    distances[row] = (x - camera.x) ** 2 + (y - camera.y) ** 2
  }
  return distances
}
