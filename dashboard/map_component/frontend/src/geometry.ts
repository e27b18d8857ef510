/** Where the tumors lie: 16-bit steps between the edges of the map. */

const HEADER_BYTES = 24
const MAGIC = 0x31595854 // "TXY1", little endian
export const STEPS = 65535

export interface Geometry {
  num: number
  xmin: number
  ymin: number
  /** Map units of one step. */
  xstep: number
  ystep: number
  /** Steps from the left and the lower edge. */
  x: Uint16Array
  y: Uint16Array
}

export interface Point {
  x: number
  y: number
}

/** Reads the answer of the `geometry` route. */
export function parseGeometry(buffer: ArrayBuffer): Geometry {
  const head = new DataView(buffer)
  if (buffer.byteLength < HEADER_BYTES || head.getUint32(0, true) !== MAGIC) {
    throw new Error("The map's places do not begin with TXY1. Reload the page.")
  }
  const num = head.getUint32(4, true)
  if (buffer.byteLength !== HEADER_BYTES + 4 * num) {
    const expected = HEADER_BYTES + 4 * num
    throw new Error(`${num} tumors need ${expected} bytes, found ${buffer.byteLength}.`)
  }
  const [xmin, xmax, ymin, ymax] = [8, 12, 16, 20].map((at) => head.getFloat32(at, true)) as [
    number, number, number, number,
  ]
  return {
    num,
    xmin,
    ymin,
    xstep: (xmax - xmin) / STEPS,
    ystep: (ymax - ymin) / STEPS,
    x: new Uint16Array(buffer, HEADER_BYTES, num),
    y: new Uint16Array(buffer, HEADER_BYTES + 2 * num, num),
  }
}

export function placeOf(geometry: Geometry, row: number): Point {
  return {
    x: geometry.xmin + geometry.x[row]! * geometry.xstep,
    y: geometry.ymin + geometry.y[row]! * geometry.ystep,
  }
}

/** Width and height of the map in map units; never zero. */
export function extent(geometry: Geometry): { width: number; height: number } {
  const width = geometry.xstep * STEPS
  const height = geometry.ystep * STEPS
  const least = Math.max(width, height) * 1e-3 || 1
  return { width: Math.max(width, least), height: Math.max(height, least) }
}

export function center(geometry: Geometry): Point {
  return {
    x: geometry.xmin + (geometry.xstep * STEPS) / 2,
    y: geometry.ymin + (geometry.ystep * STEPS) / 2,
  }
}

/** Whether two maps hold the same tumors at the same places, as after a restart of the server. */
export function isSame(one: Geometry | null, other: Geometry): boolean {
  if (one === other) return true
  if (one === null || one.num !== other.num) return false
  const edges = ["xmin", "ymin", "xstep", "ystep"] as const
  if (edges.some((edge) => one[edge] !== other[edge])) return false
  return one.x.every((x, row) => x === other.x[row] && one.y[row] === other.y[row])
}
