/** One picture of the map: points, shapes, overlay, card and legend. */
import type { Change } from "./bitmask.ts"
import type { Camera, Size } from "./camera.ts"
import { Card } from "./card.ts"
import {
  buildTable, classify, codesOf, findEligible, numCodes, type ClassTable,
} from "./classes.ts"
import type { HoverCard, PanelScene, Scene } from "./contract.ts"
import { make, write } from "./dom.ts"
import { placeOf, type Geometry, type Point } from "./geometry.ts"
import { Gestures, type Tool } from "./gestures.ts"
import { drawGlyphs, rowsInView } from "./glyphs.ts"
import { Legend } from "./legend.ts"
import { Overlay } from "./overlay.ts"
import { findNearest, type Grid } from "./pick.ts"
import { PointLayer } from "./points.ts"
import type { Screen } from "./renderer.ts"
import { crowdFade, pointSize } from "./sizes.ts"

/** How near to a tumor the mouse must be to mean it, in pixels. */
const REACH = 14
const GREY = { light: "#8793A0", dark: "#76838F" }

/** What all panels of a map share. */
export interface Common {
  camera: Camera
  geometry: Geometry | null
  grid: Grid | null
  filter: Uint8Array | null
  selected: Uint8Array | null
  dark: boolean
  paper: string
  faint: string
}

export interface PanelEvents {
  tool: () => Tool
  /** Whether tumors can be selected here. */
  selects: () => boolean
  moved: () => void
  pointed: (panel: Panel, row: number) => void
  selected: (panel: Panel, corners: Point[], change: Change) => void
  opened: (row: number, at: Point) => void
  /** Entries of the legend were hidden or shown; `words` say which. */
  hiddenChanged: (words: string) => void
  lost: Screen["onLoss"]
}

export class Panel {
  readonly stage: HTMLElement
  readonly element: HTMLElement
  readonly hidden = new Set<string>()
  private readonly points = make("canvas", { class: "points" })
  private readonly shapes = make("canvas", { class: "shapes", hidden: true })
  private readonly card = new Card()
  private readonly overlay: Overlay
  readonly legend: Legend
  private readonly gestures: Gestures
  private layer: PointLayer | null = null
  private started: Geometry | null = null
  private column: Uint8Array | null = null
  private classes: Uint16Array | null = null
  private table: ClassTable | null = null
  private diameter = 0
  private eligibleRows: Uint8Array | null | undefined
  /** What the points are drawn by; lags behind `scene` until a new column is there. */
  private drawn: PanelScene
  private looks = ""

  constructor(
    public scene: PanelScene,
    private readonly common: Common,
    private readonly events: PanelEvents,
  ) {
    this.drawn = scene
    this.overlay = new Overlay(common.camera)
    this.stage = make(
      "div",
      { class: "stage", tabindex: 0, role: "application" },
      this.points, this.shapes, this.overlay.element, this.card.element,
    )
    this.legend = new Legend({ toggle: this.toggle, isolate: this.isolate })
    this.element = make(
      "section",
      { class: "panel", "data-testid": "tumorxy-panel" },
      this.stage, this.legend.element,
    )
    this.gestures = this.listen()
  }

  /** Names, legend and words; nothing is fetched for them. */
  setScene(panel: PanelScene, scene: Scene, showLabels: boolean): void {
    if (panel.column !== this.scene.column) this.showAll()
    this.scene = panel
    if (panel.column === this.drawn.column) this.drawn = panel
    const sentence = panel.sentence || panel.title
    write(this.stage, { "aria-label": `${sentence} Press the question mark for the keys.` })
    write(this.element, { "aria-label": panel.title })
    this.stage.dataset.tool = this.events.tool()
    this.legend.update(panel, this.hidden)
    this.overlay.setScene(scene, showLabels)
  }

  /** Gets ready to draw while the tumors are on their way; throws where the browser cannot. */
  prepare(): void {
    this.layer ??= new PointLayer(this.points, this.events.lost)
  }

  /** Starts to draw. */
  start(geometry: Geometry, grid: Grid): void {
    if (this.started === geometry) return
    if (this.started !== null) this.stopPoints()
    this.prepare()
    this.started = geometry
    this.looks = ""
    this.classes = null
    this.layer?.setMap(geometry, grid)
    this.resize(this.common.camera.size)
  }

  /** Draws the tumors in their colors; resolves when they are seen. */
  async paint(column: Uint8Array | null): Promise<void> {
    const { geometry, filter, selected } = this.common
    if (geometry === null || this.layer === null) return
    this.column = column
    this.drawn = this.scene
    this.eligibleRows = undefined
    const codes = column === null ? 1 : numCodes(this.drawn)
    const values = column ?? new Uint8Array(geometry.num)
    this.classes = classify(values, codes, filter, selected)
    this.chooseLooks(geometry)
    await this.layer.setClasses(this.classes, this.table!, this.diameter)
    this.redrawShapes()
  }

  /** Applies colors, hidden entries and the zoom to what is drawn already. */
  private setLooks(): void {
    const { geometry } = this.common
    if (geometry === null || this.layer === null || !this.chooseLooks(geometry)) return
    this.layer.setLooks(this.table!, this.diameter)
  }

  /** Decides how each class looks; tells whether anything changed. */
  private chooseLooks({ num }: Geometry): boolean {
    const { camera, dark, faint, paper } = this.common
    const zoom = Math.max(1, camera.zoom)
    const fade = crowdFade(num, zoom)
    const diameter = pointSize(num, zoom, camera.size.width * camera.size.height)
    this.diameter = diameter
    const grey = GREY[dark ? "dark" : "light"]
    const plain: PanelScene = { ...this.drawn, kind: "categories", entries: [] }
    const panel = this.column === null ? plain : this.drawn
    this.table = buildTable(panel, this.hidden, { grey, faint, paper }, fade)
    const looks = JSON.stringify([this.table.colors, this.table.sizes, diameter])
    const changed = looks !== this.looks
    this.looks = looks
    return changed
  }

  /** Draws the same column anew, after another selection. */
  repaint(): Promise<void> {
    return this.paint(this.column)
  }

  get id(): string {
    return this.scene.id
  }

  resize(size: Size): void {
    this.layer?.resize(size)
    this.lookAt()
  }

  /** Shows what the camera sees. */
  lookAt(): void {
    this.setLooks()
    this.layer?.setCamera(this.common.camera)
    this.overlay.redraw()
    this.redrawShapes()
  }

  /** Tumors that can be pointed at and selected; null means all. */
  get eligible(): Uint8Array | null {
    if (this.eligibleRows === undefined) {
      const { filter } = this.common
      const codes = codesOf(this.scene, this.hidden)
      this.eligibleRows = this.column === null ? filter : findEligible(this.column, filter, codes)
    }
    return this.eligibleRows
  }

  /** Row of the tumor nearest to a pixel, or -1. */
  rowAt(pixel: Point, reach = REACH): number {
    const { geometry, grid, camera } = this.common
    if (geometry === null || grid === null) return -1
    return findNearest(geometry, grid, camera.toMap(pixel), reach / camera.scale, this.eligible)
  }

  ring(row: number): void {
    const { geometry } = this.common
    this.overlay.setHover(geometry === null || row < 0 ? null : placeOf(geometry, row))
  }

  showCard(card: HoverCard | null, row: number): void {
    const { geometry, camera } = this.common
    if (card === null || geometry === null) return this.card.hide()
    this.card.show(card, camera.toPixels(placeOf(geometry, row)), camera.size)
  }

  setContours(paths: string[]): void {
    this.overlay.setContours(paths)
  }

  cancelOutline(): boolean {
    return this.gestures.cancel()
  }

  stop(): void {
    this.stopPoints()
    this.overlay.destroy()
  }

  private stopPoints(): void {
    this.layer?.destroy()
    this.layer = this.started = null
  }

  toggle = (name: string): void => {
    const shown = this.hidden.delete(name)
    if (!shown) this.hidden.add(name)
    this.hiddenChanged(`${name} ${shown ? "shown" : "hidden"}`)
  }

  /** Shows one entry only; if it is the only one already, shows all again. */
  isolate = (name: string): void => {
    const others = this.scene.entries.filter((entry) => entry.name !== name)
    const alone = !this.hidden.has(name) && others.every((entry) => this.hidden.has(entry.name))
    this.hidden.clear()
    if (!alone) for (const entry of others) this.hidden.add(entry.name)
    this.hiddenChanged(alone ? "All shown" : `Only ${name} shown`)
  }

  /** Another coloring has other entries: what was hidden belongs to the old one. */
  private showAll(): void {
    if (this.hidden.size === 0) return
    this.hidden.clear()
    this.events.hiddenChanged("")
  }

  private hiddenChanged(words: string): void {
    this.eligibleRows = undefined
    this.legend.update(this.scene, this.hidden)
    this.lookAt()
    this.events.hiddenChanged(words)
  }

  /** Few tumors in sight are drawn with shapes, and the plain points step back. */
  private redrawShapes(): void {
    const { geometry, grid, camera } = this.common
    const { classes, table, drawn, diameter } = this
    if (geometry === null || grid === null || classes === null || table === null) return
    const shaped = this.column !== null && drawn.entries.some(({ shape }) => shape !== "circle")
    const rows = shaped ? rowsInView(geometry, grid, camera) : null
    this.shapes.hidden = rows === null
    this.points.style.visibility = rows === null ? "" : "hidden"
    if (rows === null) return
    drawGlyphs(this.shapes, rows, { geometry, classes, table, panel: drawn, diameter }, camera)
  }

  private listen(): Gestures {
    return new Gestures(this.stage, {
      camera: this.common.camera,
      tool: this.events.tool,
      selects: this.events.selects,
      moved: this.events.moved,
      pointed: (pixel) => this.events.pointed(this, pixel === null ? -1 : this.rowAt(pixel)),
      outlined: (corners) => this.overlay.setDrawing(corners),
      selected: (corners, change) => this.events.selected(this, corners, change),
      opened: (pixel) => this.events.opened(this.rowAt(pixel), pixel),
    })
  }
}
