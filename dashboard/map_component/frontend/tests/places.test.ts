import assert from "node:assert/strict"
import { test } from "node:test"
import { Camera } from "../src/camera.ts"
import { isSame, parseGeometry, placeOf, type Geometry, type Point } from "../src/geometry.ts"
import { buildGrid, findNearest } from "../src/pick.ts"
import { findInside, thinOut } from "../src/polygon.ts"
import { Walk } from "../src/walk.ts"

/** The answer of the geometry route for places in steps. */
function answer(x: number[], y: number[], edges = [-10, 10, 0, 5]): ArrayBuffer {
  const buffer = new ArrayBuffer(24 + 4 * x.length)
  const head = new DataView(buffer)
  ;[..."TXY1"].forEach((letter, at) => head.setUint8(at, letter.charCodeAt(0)))
  head.setUint32(4, x.length, true)
  edges.forEach((edge, at) => head.setFloat32(8 + 4 * at, edge, true))
  new Uint16Array(buffer, 24, x.length).set(x)
  new Uint16Array(buffer, 24 + 2 * x.length, y.length).set(y)
  return buffer
}

function scattered(num: number): Geometry {
  let seed = 7
  const next = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % 65_536
  return parseGeometry(answer(Array.from({ length: num }, next), Array.from({ length: num }, next)))
}

/** The plain even-odd rule, one tumor and one edge at a time. */
function isInside(polygon: Point[], { x, y }: Point): boolean {
  let inside = false
  polygon.forEach((from, at) => {
    const to = polygon[(at + 1) % polygon.length]!
    const crosses = from.y > y !== to.y > y
    if (crosses && x < from.x + ((to.x - from.x) * (y - from.y)) / (to.y - from.y)) inside = !inside
  })
  return inside
}

test("places are read in map coordinates", () => {
  const geometry = parseGeometry(answer([0, 65_535], [65_535, 0]))
  const [first, last] = [placeOf(geometry, 0), placeOf(geometry, 1)]
  assert.deepEqual([first.x, last.y], [-10, 0])
  assert.ok(Math.abs(first.y - 5) < 1e-9 && Math.abs(last.x - 10) < 1e-9)
})

test("an answer that is no geometry, or cut short, is refused", () => {
  assert.throws(() => parseGeometry(new ArrayBuffer(30)), /do not begin with TXY1/)
  assert.throws(() => parseGeometry(answer([1, 2], [3, 4]).slice(0, 28)), /2 tumors need 32 bytes, found 28/)
})

test("the same map from a restarted server is known again", () => {
  const geometry = scattered(50)
  assert.ok(isSame(geometry, scattered(50)))
  assert.ok(!isSame(geometry, scattered(51)))
  assert.ok(!isSame(null, geometry))
})

test("a lasso finds what the plain rule finds, holes and crossings included", () => {
  const geometry = scattered(4_000)
  const star = Array.from({ length: 11 }, (_, at) => {
    const angle = (at * 4 * Math.PI) / 11
    return { x: 9 * Math.cos(angle), y: 2.5 + 2.4 * Math.sin(angle) }
  })
  const found = findInside(geometry, star)
  for (let row = 0; row < geometry.num; row++) {
    assert.equal(found[row], isInside(star, placeOf(geometry, row)) ? 1 : 0, `row ${row}`)
  }
})

test("a lasso leaves out what is not eligible, and needs three corners", () => {
  const geometry = scattered(100)
  const all = [{ x: -11, y: -1 }, { x: 11, y: -1 }, { x: 11, y: 6 }, { x: -11, y: 6 }]
  const eligible = Uint8Array.from({ length: 100 }, (_, row) => row % 2)
  assert.equal(findInside(geometry, all).reduce((sum, flag) => sum + flag, 0), 100)
  assert.deepEqual(findInside(geometry, all, eligible), eligible)
  assert.equal(findInside(geometry, all.slice(0, 2)).indexOf(1), -1)
})

test("300,000 tumors and 500 corners take less than 100 ms", () => {
  const geometry = scattered(300_000)
  const circle = Array.from({ length: 500 }, (_, at) => ({
    x: 9.9 * Math.cos((at * Math.PI) / 250),
    y: 2.5 + 2.4 * Math.sin((at * Math.PI) / 250),
  }))
  const began = performance.now()
  const found = findInside(geometry, circle)
  const took = performance.now() - began
  assert.ok(found.reduce((sum, flag) => sum + flag, 0) > 200_000)
  assert.ok(took < 100, `${took} ms`)
})

test("corners too close to each other are left out", () => {
  const corners = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 3, y: 0 }]
  assert.deepEqual(thinOut(corners, 2), [corners[0], corners[2]])
})

test("the nearest tumor is found, within reach only and only if eligible", () => {
  const geometry = scattered(2_000)
  const grid = buildGrid(geometry)
  const place = { x: 1, y: 2 }
  const distances = Array.from({ length: 2_000 }, (_, row) => {
    const { x, y } = placeOf(geometry, row)
    return Math.hypot(x - place.x, y - place.y)
  })
  const nearest = distances.indexOf(Math.min(...distances))
  assert.equal(findNearest(geometry, grid, place, 3, null), nearest)
  assert.equal(findNearest(geometry, grid, place, distances[nearest]! / 2, null), -1)
  const others = new Uint8Array(2_000).fill(1)
  others[nearest] = 0
  assert.notEqual(findNearest(geometry, grid, place, 3, others), nearest)
})

test("the place under the mouse stays when zooming, and the middle when resizing", () => {
  const camera = new Camera()
  camera.setHome({ x: 0, y: 0 }, 20, 10)
  camera.resize({ width: 800, height: 400 })
  camera.showAll()
  const before = camera.toMap({ x: 100, y: 80 })
  camera.zoomBy(3, { x: 100, y: 80 })
  const after = camera.toMap({ x: 100, y: 80 })
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 1e-9)
  const { x, y, zoom } = camera
  camera.resize({ width: 400, height: 300 })
  assert.deepEqual([camera.x, camera.y], [x, y])
  assert.ok(Math.abs(camera.zoom - zoom) < 1e-9)
})

test("a view that is asked for is seen whole, with equal scales", () => {
  const camera = new Camera()
  camera.setHome({ x: 0, y: 0 }, 20, 10)
  camera.resize({ width: 800, height: 400 })
  camera.showView([1, 3, 1, 2])
  const [x0, x1, y0, y1] = camera.view
  assert.ok(x0 <= 1 && x1 >= 3 && y0 <= 1 && y1 >= 2)
  assert.ok(Math.abs((x1 - x0) / 800 - (y1 - y0) / 400) < 1e-12)
})

test("walking begins in the middle, goes outwards and leaves out what is hidden", () => {
  const geometry = scattered(3_000)
  const camera = new Camera()
  camera.setHome({ x: 0, y: 2.5 }, 20, 5)
  camera.resize({ width: 800, height: 400 })
  camera.showAll()
  const away = (row: number) => {
    const { x, y } = placeOf(geometry, row)
    return Math.hypot(x - camera.x, y - camera.y)
  }
  const walk = new Walk()
  assert.equal(walk.step(1), -1)
  const rows = [walk.begin(geometry, camera, null), ...Array.from({ length: 9 }, () => walk.step(1))]
  const nearest = Array.from({ length: 3_000 }, (_, row) => row).sort((a, b) => away(a) - away(b))
  assert.deepEqual(rows, nearest.slice(0, 10))
  assert.equal(walk.step(-1), rows[8])
  assert.equal(walk.begin(geometry, camera, new Uint8Array(3_000)), -1)
})
