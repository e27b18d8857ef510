/** What the mouse, pen or finger does on a panel: move, enlarge, point, select. */
import type { Change } from "./bitmask.ts"
import type { Camera } from "./camera.ts"
import type { Point } from "./geometry.ts"
import { thinOut } from "./polygon.ts"

export type Tool = "pan" | "lasso" | "box"

export interface GestureEvents {
  camera: Camera
  tool: () => Tool
  /** Whether tumors can be selected here; if not, the wheel belongs to the page until a click. */
  selects: () => boolean
  moved: () => void
  pointed: (pixel: Point | null) => void
  /** The outline drawn so far, in pixels; empty when it ends. */
  outlined: (corners: Point[]) => void
  /** A closed outline in map coordinates. */
  selected: (corners: Point[], change: Change) => void
  opened: (pixel: Point) => void
}

const WHEEL_SPEED = 0.0016
const LINE_PIXELS = 18
const PAGE_PIXELS = 300
const LEAST_STEP = 3
const LEAST_SIZE = 6

export class Gestures {
  private readonly pointers = new Map<number, Point>()
  private outline: Point[] = []
  private tool: Tool | null = null
  private change: Change = "replace"

  constructor(
    private readonly stage: HTMLElement,
    private readonly events: GestureEvents,
  ) {
    stage.addEventListener("pointerdown", this.down)
    stage.addEventListener("pointermove", this.move)
    stage.addEventListener("pointerup", this.up)
    stage.addEventListener("pointercancel", this.cancelPointer)
    stage.addEventListener("pointerleave", () => this.events.pointed(null))
    stage.addEventListener("wheel", this.wheel, { passive: false })
    stage.addEventListener("dblclick", (event) => this.events.opened(this.pixelOf(event)))
  }

  /** Gives up the outline being drawn; tells whether there was one. */
  cancel(): boolean {
    const drawing = this.outline.length > 0
    this.outline = []
    this.tool = null
    this.events.outlined([])
    return drawing
  }

  private pixelOf(event: MouseEvent): Point {
    const box = this.stage.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    this.stage.focus({ preventScroll: true })
    this.stage.setPointerCapture(event.pointerId)
    const pixel = this.pixelOf(event)
    this.pointers.set(event.pointerId, pixel)
    if (this.pointers.size > 1) {
      this.cancel()
      return
    }
    const chosen = this.events.tool()
    const selecting = this.events.selects() && chosen === "pan" && (event.shiftKey || event.altKey)
    this.tool = selecting ? "lasso" : chosen
    this.change = event.altKey ? "remove" : event.shiftKey ? "add" : "replace"
    this.outline = this.tool === "pan" ? [] : [pixel]
  }

  private move = (event: PointerEvent): void => {
    const pixel = this.pixelOf(event)
    const last = this.pointers.get(event.pointerId)
    if (last === undefined) return this.events.pointed(pixel)
    if (this.pointers.size === 2) return this.pinch(event.pointerId, pixel)
    this.pointers.set(event.pointerId, pixel)
    if (this.tool === "pan") {
      this.events.camera.panBy(pixel.x - last.x, pixel.y - last.y)
      this.events.pointed(null)
      this.events.moved()
    } else if (this.outline.length > 0) {
      this.draw(pixel)
    }
  }

  private draw(pixel: Point): void {
    const first = this.outline[0]!
    this.outline = this.tool === "box" ? [first, pixel] : [...this.outline, pixel]
    this.events.outlined(this.corners())
  }

  /** The outline as corners: those of the box, or the path of the lasso. */
  private corners(): Point[] {
    if (this.tool !== "box") return thinOut(this.outline, LEAST_STEP)
    const [from, to] = [this.outline[0]!, this.outline.at(-1)!]
    return [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }]
  }

  private up = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId)
    const corners = this.outline.length > 1 ? this.corners() : []
    const { change } = this
    this.cancel()
    if (corners.length < 3 || !isLargeEnough(corners)) return
    this.events.selected(corners.map((corner) => this.events.camera.toMap(corner)), change)
  }

  private cancelPointer = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId)
    this.cancel()
  }

  private pinch(id: number, pixel: Point): void {
    const other = [...this.pointers].find(([key]) => key !== id)![1]
    const before = this.pointers.get(id)!
    this.pointers.set(id, pixel)
    const length = (from: Point) => Math.hypot(from.x - other.x, from.y - other.y) || 1
    this.events.camera.zoomBy(length(pixel) / length(before), {
      x: (pixel.x + other.x) / 2,
      y: (pixel.y + other.y) / 2,
    })
    this.events.moved()
  }

  private wheel = (event: WheelEvent): void => {
    if (!this.events.selects() && !this.stage.matches(":focus")) return
    event.preventDefault()
    const unit = event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? PAGE_PIXELS : 1
    this.events.camera.zoomBy(Math.exp(-event.deltaY * unit * WHEEL_SPEED), this.pixelOf(event))
    this.events.pointed(null)
    this.events.moved()
  }
}

function isLargeEnough(corners: Point[]): boolean {
  const xs = corners.map(({ x }) => x)
  const ys = corners.map(({ y }) => y)
  const width = Math.max(...xs) - Math.min(...xs)
  const height = Math.max(...ys) - Math.min(...ys)
  return width >= LEAST_SIZE && height >= LEAST_SIZE
}
