/** The points of one panel, drawn by regl-scatterplot. */
import createScatterplot, { createSpatialIndex } from "regl-scatterplot"
import type { Camera, Size } from "./camera.ts"
import { sortByRank, type ClassTable } from "./classes.ts"
import { center, extent, type Geometry } from "./geometry.ts"
import { borrowRenderer, returnRenderer, type LossListener, type Renderer } from "./renderer.ts"

/** What regl-scatterplot is given for each tumor: x and y between -1 and 1, and the class. */
type Cell = [number, number, number]

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
  private size: Size = { width: 0, height: 0 }
  private pixelRatio = 0

  constructor(
    screen: HTMLCanvasElement,
    private readonly geometry: Geometry,
    onLoss: LossListener,
  ) {
    this.renderer = borrowRenderer()
    this.disconnect = this.renderer.connect(this.drawn, screen, onLoss)
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

  /** Fits the picture to the panel; the drawing follows with the next frame. */
  resize(size: Size): void {
    const ratio = window.devicePixelRatio
    const same = size.width === this.size.width && size.height === this.size.height
    if (same && ratio === this.pixelRatio) return
    this.size = size
    this.pixelRatio = ratio
    this.keep(this.plot.set({ width: size.width, height: size.height }))
  }

  /** Changes colors, opacities and sizes; no tumor is sent again. */
  setLooks(table: ClassTable, diameter: number): void {
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
  setClasses(classes: Uint16Array, ranks: Uint16Array): Promise<void> {
    const shared = cells(this.geometry)
    const work = shared.turn.then(() => this.upload(shared.all, classes, ranks))
    shared.turn = work.catch(() => undefined)
    return work
  }

  setCamera(camera: Camera): void {
    const half = halfSide(this.geometry)
    const middle = center(this.geometry)
    const scale = (camera.scale * half) / (camera.size.height / 2)
    const view = new Float32Array(16)
    view[0] = view[5] = scale
    view[10] = view[15] = 1
    view[12] = (-(camera.x - middle.x) / half) * scale
    view[13] = (-(camera.y - middle.y) / half) * scale
    this.plot.view(view as unknown as number[], { preventEvent: true })
    this.renderer.request()
  }

  destroy(): void {
    this.destroyed = true
    this.end()
    this.renderer.release(this)
    this.disconnect()
    this.plot.destroy()
    returnRenderer()
  }

  private async upload(all: Cell[], classes: Uint16Array, ranks: Uint16Array): Promise<void> {
    emptyIndex ??= createSpatialIndex([[0, 0]], false)
    const spatialIndex = await emptyIndex
    if (this.destroyed) return
    const order = sortByRank(classes, ranks)
    const ordered = new Array<Cell>(order.length)
    for (let place = 0; place < order.length; place++) {
      const cell = all[order[place]!]!
      cell[2] = classes[order[place]!]!
      ordered[place] = cell
    }
    const drawing = this.plot.draw(ordered, {
      zDataType: "categorical",
      preventFilterReset: this.uploaded,
      spatialIndex,
    })
    this.uploaded = true
    await Promise.race([this.renderer.drawDuring(this, drawing), this.ended])
  }

  private keep(change: Promise<unknown>): void {
    this.renderer.drawDuring(this, change).catch(() => undefined)
  }
}
