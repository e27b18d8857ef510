/** The points of one panel. */
import type { Camera } from "./camera.ts"
import { sortByRank, type ClassTable } from "./classes.ts"
import { STEPS, type Geometry } from "./geometry.ts"
import type { Grid } from "./pick.ts"
import { borrowRenderer, returnRenderer, type Renderer, type Run, type Screen } from "./renderer.ts"

/** What part of the map a picture shows. */
interface Sight {
  x: number
  y: number
  scale: number
  width: number
  height: number
}

function isSameSight(one: Sight, other: Sight | null): boolean {
  if (other === null) return false
  return (Object.keys(one) as (keyof Sight)[]).every((part) => one[part] === other[part])
}

const SLOW_MS = 60
/** Pause of the movement after which points are drawn anew, by the time that a drawing takes. */
const PAUSE_SHARE = 1.2
const LONGEST_PAUSE_MS = 350

export class PointLayer {
  private readonly renderer: Renderer
  private readonly screen: Screen
  private readonly disconnect: () => void
  private readonly places: WebGLBuffer
  /** Tumors of each class, and the classes in the order of drawing. */
  private counts: Uint32Array = new Uint32Array(0)
  private order: number[] = []
  private looks: { table: ClassTable; diameter: number } | null = null
  private pixelRatio = 0
  /** What is seen on the screen, and what is wanted. */
  private shown: Sight | null = null
  private wanted: Sight | null = null
  /** The looks changed since the last drawing. */
  private stale = false
  private timer = 0

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly geometry: Geometry,
    private readonly grid: Grid,
    onLoss: Screen["onLoss"],
  ) {
    this.renderer = borrowRenderer()
    this.places = this.renderer.createPlaces()
    this.screen = { canvas, redraw: () => this.draw(), onLoss }
    this.disconnect = this.renderer.connect(this.screen)
  }

  /** Changes colors, opacities and sizes with the next `setCamera`; no tumor is sent again. */
  setLooks(table: ClassTable, diameter: number): void {
    this.looks = { table, diameter }
    this.stale = true
  }

  /** Puts each tumor into its class, (N,), and draws them in the order of the classes' ranks. */
  setClasses(classes: Uint16Array, table: ClassTable, diameter: number): void {
    const { x, y, num } = this.geometry
    const rows = sortByRank(classes, table.ranks, this.grid.rows)
    const places = new Uint16Array(2 * num)
    for (let at = 0; at < num; at++) {
      const row = rows[at]!
      places[2 * at] = x[row]!
      places[2 * at + 1] = y[row]!
    }
    this.renderer.sendPlaces(this.places, places)
    this.counts = countClasses(classes, table.ranks.length)
    this.order = classesByRank(table.ranks)
    this.setLooks(table, diameter)
    this.draw()
  }

  /**
   * Shows another part of the map.
   *
   * The picture that is there moves along at once. Where drawing takes long, as without a graphics
   * card, the points are drawn anew when the movement pauses.
   */
  setCamera({ x, y, scale, size }: Camera): void {
    this.wanted = { x, y, scale, width: size.width, height: size.height }
    this.moveAlong()
    clearTimeout(this.timer)
    const still = isSameSight(this.wanted, this.shown) && window.devicePixelRatio === this.pixelRatio
    if (still && !this.stale) return
    const slow = this.shown !== null && this.renderer.frameMs > SLOW_MS
    if (still || !slow) return this.renderer.request(this.screen)
    const pause = Math.min(LONGEST_PAUSE_MS, this.renderer.frameMs * PAUSE_SHARE)
    const later = () => this.renderer.request(this.screen)
    this.timer = setTimeout(later, pause) as unknown as number
  }

  destroy(): void {
    clearTimeout(this.timer)
    this.disconnect()
    this.renderer.deletePlaces(this.places)
    returnRenderer()
  }

  private draw(): void {
    const { wanted, looks } = this
    if (wanted === null || looks === null || this.order.length === 0 || wanted.width <= 1) return
    const ratio = window.devicePixelRatio
    this.renderer.draw(
      {
        places: this.places,
        runs: this.runs(looks.table, looks.diameter * ratio),
        sight: this.factors(wanted),
        softness: looks.diameter > 3 ? 0.6 : 0.35,
        width: Math.round(wanted.width * ratio),
        height: Math.round(wanted.height * ratio),
      },
      this.screen,
    )
    this.pixelRatio = ratio
    this.stale = false
    this.show(wanted)
  }

  /** The classes that are seen, from back to front. */
  private runs(table: ClassTable, diameter: number): Run[] {
    const runs: Run[] = []
    let first = 0
    for (const at of this.order) {
      const count = this.counts[at]!
      const color = table.colors[at]!
      if (count > 0 && color[3] > 0) {
        runs.push({ first, count, color, diameter: table.sizes[at]! * diameter })
      }
      first += count
    }
    return runs
  }

  /** From shares of the map's width and height to the edges of the picture, -1 and 1. */
  private factors({ x, y, scale, width, height }: Sight): [number, number, number, number] {
    const { xmin, ymin, xstep, ystep } = this.geometry
    const [across, up] = [(2 * scale) / width, (2 * scale) / height]
    return [xstep * STEPS * across, ystep * STEPS * up, (xmin - x) * across, (ymin - y) * up]
  }

  private show(sight: Sight): void {
    this.shown = sight
    // The picture keeps its own size, in the middle of the stage, until the next one is there: a
    // stage that changes its size never stretches it.
    const { style } = this.canvas
    const { width, height } = sight
    style.width = `${width}px`
    style.height = `${height}px`
    style.left = `calc((var(--stage-width) - ${width}px) / 2)`
    style.top = `calc((var(--stage-height) - ${height}px) / 2)`
    this.moveAlong()
  }

  /** Moves the picture that is there to where it belongs now. */
  private moveAlong(): void {
    const { shown, wanted } = this
    if (shown === null || wanted === null) return
    const zoom = wanted.scale / shown.scale
    const right = (shown.x - wanted.x) * wanted.scale
    const down = (wanted.y - shown.y) * wanted.scale
    const still = Math.abs(zoom - 1) < 1e-6 && Math.hypot(right, down) < 0.01
    this.canvas.style.transform = still ? "" : `translate(${right}px, ${down}px) scale(${zoom})`
  }
}

function countClasses(classes: Uint16Array, num: number): Uint32Array {
  const counts = new Uint32Array(num)
  for (const at of classes) counts[at]!++
  return counts
}

function classesByRank(ranks: Uint16Array): number[] {
  const order = new Array<number>(ranks.length)
  ranks.forEach((rank, at) => (order[rank] = at))
  return order
}
