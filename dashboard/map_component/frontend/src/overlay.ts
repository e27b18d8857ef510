/** What lies over the points: patient, neighbors, moves, names, contours, the pointed-at ring. */
import type { Camera } from "./camera.ts"
import type { OverlayPoint, OverlayRole, Scene } from "./contract.ts"
import { makeSvg, rootScale, write } from "./dom.ts"
import type { Point } from "./geometry.ts"
import { placeLabels, type Box, type Wanted } from "./placement.ts"
import { shapePath } from "./shapes.ts"

const MOVE_MS = 150
const LABEL_PIXELS = 13
/** Words grow on large screens, by a pixel for each of these. */
const PIXELS_FOR_ONE_MORE = 500
const USUAL_WIDTH = 1_400
const MOST_GROWTH = 5
/** Small maps name only their largest regions. */
const PIXELS_FOR_A_REGION = 16_000
const MARK_PIXELS: Record<OverlayRole, number> = {
  tumor: 24,
  before: 16,
  after: 24,
  found: 26,
  neighbor: 11,
}

let measuring: CanvasRenderingContext2D | null = null

/** Width of words in pixels. */
function widthOf(text: string, pixels: number, bold: boolean): number {
  measuring ??= document.createElement("canvas").getContext("2d")
  if (measuring === null) return text.length * pixels * 0.6
  measuring.font = `${bold ? 600 : 500} ${pixels}px "Source Sans", sans-serif`
  return Math.ceil(measuring.measureText(text).width) + 8
}

export class Overlay {
  readonly element = makeSvg("svg", { class: "overlay", "aria-hidden": "true" })
  private readonly contours = makeSvg("g", { class: "contours" })
  private readonly lines = makeSvg("g", { class: "lines" })
  private readonly marks = makeSvg("g", { class: "marks" })
  private readonly words = makeSvg("g", { class: "words" })
  private readonly drawing = makeSvg("path", { class: "drawing" })
  private readonly ring = makeSvg("circle", { class: "ring", r: 8 })
  private scene: Scene | null = null
  private showLabels = true
  private places: Point[] = []
  private hovered: Point | null = null
  private animation = 0

  constructor(private readonly camera: Camera) {
    this.element.append(
      this.contours, this.lines, this.marks, this.ring, this.words, this.drawing,
    )
    this.setHover(null)
  }

  setScene(scene: Scene, showLabels: boolean): void {
    const before = this.scene?.overlay.points ?? []
    const from = this.places
    const target = scene.overlay.points.map(({ x, y }) => ({ x, y }))
    const start = scene.overlay.points.map((point, index) => {
      const known = before.findIndex((other) => sameMark(other, point))
      return from[known] ?? target[index]!
    })
    this.scene = scene
    this.showLabels = showLabels
    this.moveMarks(start, target)
  }

  setContours(paths: string[]): void {
    this.contours.replaceChildren(
      ...paths.map((d, level) => makeSvg("path", { d, class: `contour level-${level}` })),
    )
  }

  setHover(place: Point | null): void {
    this.hovered = place
    write(this.ring, { visibility: place === null ? "hidden" : "visible" })
    if (place === null) return
    const { x, y } = this.camera.toPixels(place)
    write(this.ring, { cx: x, cy: y })
  }

  /** The lasso or box that is being drawn, in pixels of the panel. */
  setDrawing(corners: readonly Point[]): void {
    const path = corners.map(({ x, y }) => `${x} ${y}`).join("L")
    write(this.drawing, { d: corners.length > 1 ? `M${path}Z` : "" })
  }

  /** Puts everything where the camera sees it. */
  redraw(): void {
    const { size, scale, x, y } = this.camera
    write(this.element, { viewBox: `0 0 ${size.width} ${size.height}` })
    const [right, down] = [size.width / 2 - x * scale, size.height / 2 + y * scale]
    write(this.contours, { transform: `matrix(${scale} 0 0 ${scale} ${right} ${down})` })
    this.setHover(this.hovered)
    if (this.scene === null) return
    this.redrawLines(this.scene)
    const boxes = this.redrawMarks(this.scene.overlay.points)
    this.redrawWords(this.scene, boxes)
  }

  destroy(): void {
    cancelAnimationFrame(this.animation)
  }

  private moveMarks(from: Point[], to: Point[]): void {
    cancelAnimationFrame(this.animation)
    this.places = from
    const still = to.every((place, at) => place.x === from[at]!.x && place.y === from[at]!.y)
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
    if (still || calm) {
      this.places = to
      return this.redraw()
    }
    const began = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, Math.max(0, (now - began) / MOVE_MS))
      const eased = share * (2 - share)
      this.places = to.map((place, at) => between(from[at]!, place, eased))
      this.redraw()
      if (share < 1) this.animation = requestAnimationFrame(step)
    }
    this.animation = requestAnimationFrame(step)
  }

  private redrawLines(scene: Scene): void {
    this.lines.replaceChildren(
      ...scene.overlay.lines.map(({ from, to }) => this.arrow(asPoint(from), asPoint(to))),
      ...this.moveArrow(scene.overlay.points),
    )
  }

  /** The arrow of a what-if, from where the tumor lay to where it would lie. */
  private moveArrow(points: OverlayPoint[]): SVGElement[] {
    const before = points.findIndex(({ role }) => role === "before")
    const after = points.findIndex(({ role }) => role === "after")
    if (before < 0 || after < 0) return []
    return [this.arrow(this.places[before]!, this.places[after]!, true)]
  }

  private arrow(fromPlace: Point, toPlace: Point, head = false): SVGElement {
    const from = this.camera.toPixels(fromPlace)
    const to = this.camera.toPixels(toPlace)
    const length = Math.hypot(to.x - from.x, to.y - from.y)
    if (!head || length < 24) {
      return makeSvg("path", { class: "line", d: `M${from.x} ${from.y}L${to.x} ${to.y}` })
    }
    const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length]
    const tip = { x: to.x - ux * 15, y: to.y - uy * 15 }
    const back = { x: tip.x - ux * 9, y: tip.y - uy * 9 }
    const [left, right] = [5, -5].map((side) => `${back.x - uy * side} ${back.y + ux * side}`)
    const wing = `${left}L${tip.x} ${tip.y}L${right}`
    return makeSvg("path", {
      class: "line arrow",
      d: `M${from.x + ux * 9} ${from.y + uy * 9}L${tip.x} ${tip.y}M${wing}`,
    })
  }

  /** Draws the marks; returns the boxes they fill. */
  private redrawMarks(points: OverlayPoint[]): Box[] {
    const boxes: Box[] = []
    const order = points.map((_, at) => at).sort((a, b) => rank(points[a]!) - rank(points[b]!))
    const made = order.map((at) => {
      const point = points[at]!
      const { x, y } = this.camera.toPixels(this.places[at]!)
      const half = MARK_PIXELS[point.role] / 2
      boxes.push({ left: x - half, right: x + half, top: y - half, bottom: y + half })
      return markOf(point, x, y)
    })
    this.marks.replaceChildren(...made)
    return boxes
  }

  private redrawWords(scene: Scene, marks: Box[]): void {
    const named = scene.overlay.points
      .map((point, at) => ({ point, place: this.places[at]! }))
      .filter(({ point }) => point.label !== "")
    const own = named.map(({ point, place }): Wanted => ({
      ...this.wanted(point.label, place, true),
      gap: MARK_PIXELS[point.role] / 2 + 4,
      required: point.role !== "neighbor",
    }))
    const { width, height } = this.camera.size
    const room = Math.round((width * height) / PIXELS_FOR_A_REGION)
    const regions = this.showLabels ? scene.labels.slice(0, room) : []
    const far = regions.map((label): Wanted => ({
      ...this.wanted(label.text, label, false),
      centered: true,
    }))
    const boxes = placeLabels([...own, ...far], this.camera.size, marks.filter(isInSight(this.camera)))
    const texts = [...named.map(({ point }) => point.label), ...regions.map(({ text }) => text)]
    write(this.words, { "font-size": this.wordPixels })
    this.words.replaceChildren(
      ...boxes.flatMap((box, at) => (box ? [wordOf(texts[at]!, box, at < own.length)] : [])),
    )
  }

  private get wordPixels(): number {
    const growth = (this.camera.size.width - USUAL_WIDTH) / PIXELS_FOR_ONE_MORE
    const grown = LABEL_PIXELS + Math.min(MOST_GROWTH, Math.max(0, growth))
    return Math.round(Math.max(grown, LABEL_PIXELS * rootScale()))
  }

  private wanted(text: string, place: Point, bold: boolean): Wanted {
    return {
      anchor: this.camera.toPixels(place),
      width: widthOf(text, this.wordPixels, bold),
      height: this.wordPixels + 7,
      gap: 6,
      centered: false,
      required: false,
    }
  }
}

function sameMark(one: OverlayPoint, other: OverlayPoint): boolean {
  if (one.role !== other.role) return false
  return one.row !== null || other.row !== null ? one.row === other.row : one.role !== "neighbor"
}

/** The patient is drawn last, on top. */
function rank({ role }: OverlayPoint): number {
  return ["neighbor", "before", "found", "after", "tumor"].indexOf(role)
}

function isInSight(camera: Camera): (box: Box) => boolean {
  const { width, height } = camera.size
  return (box) => box.right > 0 && box.left < width && box.bottom > 0 && box.top < height
}

function markOf({ role, color }: OverlayPoint, x: number, y: number): SVGElement {
  const size = MARK_PIXELS[role]
  if (role === "tumor" || role === "after") {
    return makeSvg("path", { class: `mark ${role}`, d: shapePath("star", x, y, size), fill: color })
  }
  if (role === "found") {
    return makeSvg("circle", { class: "mark found", cx: x, cy: y, r: size / 2, stroke: color })
  }
  const d = shapePath(role === "before" ? "star" : "circle", x, y, size)
  return makeSvg("path", { class: `mark ${role}`, d, stroke: color })
}

function wordOf(text: string, box: Box, own: boolean): SVGElement {
  return makeSvg(
    "text",
    {
      class: own ? "word own" : "word region",
      x: (box.left + box.right) / 2,
      y: (box.top + box.bottom) / 2,
    },
    text,
  )
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

function asPoint([x, y]: [number, number]): Point {
  return { x, y }
}
