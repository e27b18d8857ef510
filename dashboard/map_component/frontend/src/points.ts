/** The points of one panel, drawn by regl-scatterplot. */
import createScatterplot, { createSpatialIndex } from "regl-scatterplot"
import type { Camera, Size } from "./camera.ts"
import { sortByRank, type ClassTable } from "./classes.ts"
import { center, extent, type Geometry } from "./geometry.ts"
import type { Grid } from "./pick.ts"
import { borrowRenderer, returnRenderer, type Renderer, type Screen } from "./renderer.ts"

/** What regl-scatterplot is given for each tumor: x and y between -1 and 1, and the class. */
type Cell = [number, number, number]

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

interface Cells {
  all: Cell[]
  /** Work on the cells, one panel after another: they are shared by all panels of a map. */
  turn: Promise<void>
}

const cellsOf = new WeakMap<Geometry, Cells>()
/** Hovering and the lasso are this component's own, so regl-scatterplot's index stays empty. */
let emptyIndex: Promise<ArrayBuffer> | null = null

function cells(geometry: Geometry): Cells {
  const known = cellsOf.get(geometry)
  if (known) return known
  const middle = center(geometry)
  const half = halfSide(geometry)
  const all = new Array<Cell>(geometry.num)
  for (let row = 0; row < geometry.num; row++) {
    const x = geometry.xmin + geometry.x[row]! * geometry.xstep
    const y = geometry.ymin + geometry.y[row]! * geometry.ystep
    all[row] = [(x - middle.x) / half, (y - middle.y) / half, 0]
  }
  const made = { all, turn: Promise.resolve() }
  cellsOf.set(geometry, made)
  return made
}

/** Map units from the middle to the farther edge: equal along both axes. */
function halfSide(geometry: Geometry): number {
  const { width, height } = extent(geometry)
  return Math.max(width, height) / 2
}

export class PointLayer {
  private readonly renderer: Renderer
  private readonly drawn = document.createElement("canvas")
  private readonly plot: ReturnType<typeof createScatterplot>
  private readonly disconnect: () => void
  private uploaded = false
  private end = (): void => undefined
  /** Resolves when the panel is gone: regl-scatterplot then leaves its promises open. */
  private readonly ended = new Promise<"gone">((resolve) => (this.end = () => resolve("gone")))
  private destroyed = false
  private map: { geometry: Geometry; grid: Grid } | null = null
  private size: Size = { width: 0, height: 0 }
  private pixelRatio = 0
  /** What is seen on the screen, what was sent to be drawn, and what is wanted. */
  private shown: Sight | null = null
  private sent: Sight | null = null
  private wanted: Sight | null = null
  private looks: { table: ClassTable; diameter: number } | null = null
  private timer = 0

  /** Gets ready to draw, before the tumors are there. */
  constructor(
    private readonly screen: HTMLCanvasElement,
    onLoss: Screen["onLoss"],
  ) {
    this.renderer = borrowRenderer()
    this.disconnect = this.renderer.connect(this.drawn, {
      canvas: screen,
      onShown: () => this.show(),
      onLoss,
    })
    const nowhere = document.createElement("div")
    this.plot = createScatterplot({
      renderer: this.renderer,
      canvas: this.drawn,
      width: 1,
      height: 1,
      backgroundColor: [0, 0, 0, 0],
      colorBy: "valueA",
      opacityBy: "valueA",
      sizeBy: "valueA",
      pointScaleMode: "constant",
      cameraIsFixed: true,
      deselectOnDblClick: false,
      deselectOnEscape: false,
      lassoInitiatorParentElement: nowhere,
      lassoLongPressIndicatorParentElement: nowhere,
    })
  }

  /** Takes the places of the tumors; the other calls follow. */
  setMap(geometry: Geometry, grid: Grid): void {
    this.map = { geometry, grid }
  }

  /** Fits the picture to the panel; the drawing follows with the next frame. */
  resize(size: Size): void {
    const ratio = window.devicePixelRatio
    const same = size.width === this.size.width && size.height === this.size.height
    if (same && ratio === this.pixelRatio) return
    this.size = size
    this.pixelRatio = ratio
    this.keep(this.plot.set({ width: size.width, height: size.height }))
  }

  /** Changes colors, opacities and sizes with the next `setCamera`; no tumor is sent again. */
  setLooks(table: ClassTable, diameter: number): void {
    this.looks = { table, diameter }
  }

  private applyLooks(): void {
    if (this.looks === null) return
    const { table, diameter } = this.looks
    this.looks = null
    const smooth = diameter > 3 ? 0.6 : 0.35
    this.keep(
      this.plot.set({
        pointColor: table.colors,
        opacity: table.colors.map(([, , , alpha]) => alpha),
        pointSize: table.sizes.map((size) => size * diameter),
        antiAliasing: smooth,
      }),
    )
  }

  /** Puts each tumor into its class, (N,), and draws them in the order of the classes' ranks. */
  setClasses(classes: Uint16Array, table: ClassTable, diameter: number): Promise<void> {
    if (this.map === null) return Promise.resolve()
    const { geometry, grid } = this.map
    const shared = cells(geometry)
    const upload = () => this.upload(shared.all, grid.rows, classes, table, diameter)
    const work = shared.turn.then(upload)
    shared.turn = work.catch(() => undefined)
    return work
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
    const still = isSameSight(this.wanted, this.sent)
    if (still && this.looks === null) return
    const slow = this.shown !== null && this.renderer.frameMs > SLOW_MS
    if (still || !slow) return this.send()
    const pause = Math.min(LONGEST_PAUSE_MS, this.renderer.frameMs * PAUSE_SHARE)
    this.timer = setTimeout(() => this.send(), pause) as unknown as number
  }

  destroy(): void {
    this.destroyed = true
    clearTimeout(this.timer)
    this.end()
    this.renderer.release(this)
    this.disconnect()
    // Frees the texture with the tumors, which `destroy` would leave in the shared context.
    this.plot.clear()
    this.plot.destroy()
    returnRenderer()
  }

  private async upload(
    all: Cell[],
    rows: Uint32Array,
    classes: Uint16Array,
    table: ClassTable,
    diameter: number,
  ): Promise<void> {
    emptyIndex ??= createSpatialIndex([[0, 0]], false)
    const spatialIndex = await emptyIndex
    if (this.destroyed) return
    const order = sortByRank(classes, table.ranks, rows)
    const ordered = new Array<Cell>(order.length)
    for (let place = 0; place < order.length; place++) {
      const cell = all[order[place]!]!
      cell[2] = classes[order[place]!]!
      ordered[place] = cell
    }
    // Colors and classes change in the same frame: old classes never show in new colors.
    this.setLooks(table, diameter)
    this.applyLooks()
    const drawing = this.plot.draw(ordered, {
      zDataType: "categorical",
      preventFilterReset: this.uploaded,
      spatialIndex,
    })
    this.uploaded = true
    await Promise.race([this.renderer.drawDuring(this, drawing), this.ended])
  }

  private send(): void {
    const { wanted, map } = this
    if (wanted === null || map === null || this.destroyed) return
    const half = halfSide(map.geometry)
    const middle = center(map.geometry)
    const scale = (wanted.scale * half) / (wanted.height / 2)
    const view = new Float32Array(16)
    view[0] = view[5] = scale
    view[10] = view[15] = 1
    view[12] = (-(wanted.x - middle.x) / half) * scale
    view[13] = (-(wanted.y - middle.y) / half) * scale
    this.sent = wanted
    this.applyLooks()
    this.plot.view(view as unknown as number[], { preventEvent: true })
    this.renderer.request()
  }

  private show(): void {
    this.shown = this.sent
    // The picture keeps its own size, in the middle of the stage, until the next one is there: a
    // stage that changes its size never stretches it.
    const { style } = this.screen
    const { width, height } = this.size
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
    this.screen.style.transform = still ? "" : `translate(${right}px, ${down}px) scale(${zoom})`
  }

  private keep(change: Promise<unknown>): void {
    this.renderer.drawDuring(this, change).catch(() => undefined)
  }
}
