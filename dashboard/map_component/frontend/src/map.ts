/** A map: linked panels that share camera, selection and the tumor pointed at. */
import type { Camera } from "./camera.ts"
import type { PanelScene, Report, Scene } from "./contract.ts"
import { contourPaths } from "./density.ts"
import { make, write } from "./dom.ts"
import { tumors } from "./format.ts"
import { center, extent, isSame, type Geometry } from "./geometry.ts"
import { arrange } from "./grid.ts"
import { Hand } from "./hand.ts"
import { LoadError, loadGeometry, loadTable } from "./loading.ts"
import { Panel, type Common } from "./panel.ts"
import { buildGrid } from "./pick.ts"
import { Pointing } from "./pointing.ts"
import { borrowRenderer, returnRenderer } from "./renderer.ts"
import { loadParts, orderOf, type Parts } from "./scene_parts.ts"
import { Selection } from "./selection.ts"
import type { Action } from "./toolbar.ts"
import { ViewReports } from "./view_reports.ts"

export type Tell = <Name extends keyof Report>(name: Name, value: Report[Name]) => void

/** A grey map is shown first only if the colors take longer than this. */
const COLOR_PATIENCE_MS = 150
const HIDDEN_MS = 350
const DRAWN = "tumorxy-drawn"

export class TumorMap {
  readonly element: HTMLElement
  readonly common: Common
  readonly selection = new Selection()
  readonly pointing = new Pointing(() => this.panels)
  panels: Panel[] = []
  private readonly hand: Hand
  private readonly grid = make("div", { class: "panels" })
  private readonly tablePlace = make("div", { class: "table-place", hidden: true })
  private readonly caption = make("p", { class: "caption" })
  private readonly live = make("div", { class: "unseen", "aria-live": "polite", role: "status" })
  private readonly message = make("p", { class: "message", role: "alert", hidden: true })
  private readonly observer = new ResizeObserver(() => this.fit())
  private readonly reports = new ViewReports((view) => this.tell("view", view))
  private hiddenTimer = 0
  private turn = 0
  private painted = ""
  private painting: Promise<void> = Promise.resolve()
  private without = false
  private warm = false

  constructor(
    public scene: Scene,
    public tell: Tell,
    camera: Camera,
  ) {
    const { dark, paper, faint } = scene.theme
    const nothing = { geometry: null, grid: null, filter: null, selected: null }
    this.common = { camera, dark, paper, faint, ...nothing }
    this.hand = new Hand(this)
    const middle = make("div", { class: "middle" }, this.grid, this.tablePlace, this.message)
    this.element = make(
      "div",
      { class: "tumorxy-map", "data-testid": "tumorxy-map", "data-selected": "0" },
      this.hand.toolbar.element, middle, this.caption, this.live,
    )
    this.element.addEventListener("keydown", this.hand.key)
    this.warmUp()
    this.observer.observe(this.grid)
  }

  /** Takes over what the page says now; fetches only what is new. */
  update(scene: Scene, tell: Tell): void {
    const before = this.scene
    this.scene = scene
    this.tell = tell
    this.dress()
    this.syncPanels()
    const { view } = scene
    if (view && this.common.geometry && this.reports.isNews(view, before.view)) {
      this.common.camera.showView(view)
      this.look()
    }
    void this.load()
  }

  destroy(): void {
    this.turn++
    this.observer.disconnect()
    this.reports.stop()
    this.pointing.stop()
    clearTimeout(this.hiddenTimer)
    for (const panel of this.panels) panel.stop()
    this.panels = []
    if (this.warm) returnRenderer()
    this.element.remove()
  }

  /** Says something to screen readers. */
  announce(words: string): void {
    this.live.textContent = words
  }

  /** Shows what the camera sees now, in all panels. */
  look(): void {
    for (const panel of this.panels) panel.lookAt()
    this.writeView()
  }

  /** Tells what the camera sees, after the reader moved it. */
  moved(): void {
    this.look()
    this.reports.soon(this.common.camera.view)
  }

  /** Draws the selection and says how many it holds. */
  async showSelection(): Promise<void> {
    this.common.selected = this.selection.flags
    const { count: selected } = this.selection
    this.hand.showTools()
    const words = selected > 0 ? `${tumors(selected)} selected` : ""
    this.hand.toolbar.setStatus(words)
    this.announce(words || "Nothing selected")
    await Promise.all(this.panels.map((panel) => panel.repaint()))
    write(this.element, { "data-selected": selected })
  }

  drawDensity(): void {
    const { geometry } = this.common
    for (const panel of this.panels) {
      const wanted = this.hand.density && geometry !== null
      panel.setContours(wanted ? contourPaths(geometry, panel.eligible) : [])
    }
  }

  redrawWords(): void {
    for (const [at, panel] of this.panels.entries()) {
      panel.setScene(this.scene.panels[at]!, this.scene, this.hand.labels)
      panel.lookAt()
    }
  }

  /** Switches between the map and the table in the same place. */
  async showTable(shown: boolean): Promise<void> {
    this.tablePlace.hidden = !shown
    write(this.grid, { inert: shown, "data-covered": shown })
    if (!shown) return
    this.tablePlace.replaceChildren(make("p", {}, "Fetching the table ..."))
    const words = "The table could not be fetched from the server. Try again in a moment."
    const [{ tableOf }, data] = await Promise.all([
      import("./table.ts"),
      loadTable(this.scene.table).catch(() => ({ sentence: words, columns: [], rows: [] })),
    ])
    this.tablePlace.replaceChildren(tableOf(data))
    this.announce(data.sentence)
  }

  /** Makes WebGL ready while the tumors are on their way. */
  private warmUp(): void {
    try {
      borrowRenderer()
      this.warm = true
    } catch {
      // The panels meet the same obstacle and show the picture instead.
      this.warm = false
    }
  }

  private dress(): void {
    const { theme, caption, tools, narrow } = this.scene
    for (const name of ["ink", "paper", "faint", "accent"] as const) {
      this.element.style.setProperty(`--${name}`, theme[name])
    }
    this.common.dark = theme.dark
    this.common.paper = theme.paper
    this.common.faint = theme.faint
    write(this.element, { "data-theme": theme.dark ? "dark" : "light", "data-narrow": narrow })
    this.caption.textContent = caption
    this.hand.toolbar.element.hidden = !tools
    this.hand.toolbar.limit(this.without ? new Set<Action>(["table"]) : null)
    this.hand.showTools()
  }

  private syncPanels(): void {
    if (this.without) return void this.showPicture()
    const scenes = this.scene.panels
    const same = scenes.map(({ id }) => id).join() === this.panels.map(({ id }) => id).join()
    if (!same) this.makePanels()
    write(this.element, { "data-panels": scenes.length })
    for (const [at, panel] of this.panels.entries()) {
      panel.setScene(scenes[at]!, this.scene, this.hand.labels)
    }
    this.fit()
  }

  /** Keeps the panels that stay, with what is hidden in them. */
  private makePanels(): void {
    const before = new Map(this.panels.map((panel) => [panel.id, panel]))
    this.panels = this.scene.panels.map((scene) => before.get(scene.id) ?? this.makePanel(scene))
    for (const panel of before.values()) if (!this.panels.includes(panel)) panel.stop()
    this.grid.replaceChildren(...this.panels.map(({ element }) => element))
  }

  private makePanel(scene: PanelScene): Panel {
    return new Panel(scene, this.common, {
      ...this.hand.events,
      moved: () => this.moved(),
      hiddenChanged: (words) => this.hiddenChanged(words),
      lost: (state) => (state === "back" ? this.restart() : this.giveUp()),
    })
  }

  /** Makes the panels as large as there is room; the map keeps its middle. */
  private fit(): void {
    const { camera, geometry } = this.common
    const size = arrange(this.grid, this.panels)
    if (size === null) return
    if (size.width === camera.size.width && size.height === camera.size.height) return
    const first = camera.size.width <= 1
    camera.resize(size)
    if (first && geometry !== null) this.home()
    for (const panel of this.panels) panel.resize(size)
    this.writeView()
  }

  private home(): void {
    if (this.scene.view) this.common.camera.showView(this.scene.view)
    else this.common.camera.showAll()
  }

  private writeView(): void {
    const view = this.common.camera.view.map((edge) => edge.toPrecision(6)).join()
    write(this.element, { "data-view": view })
  }

  private async load(): Promise<void> {
    const turn = ++this.turn
    const { scene } = this
    try {
      const parts = loadParts(scene, this.selection.isNewer(scene))
      const places = loadGeometry(scene.geometry)
      for (const panel of this.panels) panel.prepare()
      const geometry = await places
      if (turn !== this.turn || this.without) return
      this.begin(geometry)
      const soon = await Promise.race([parts, pause(COLOR_PATIENCE_MS)])
      if (turn !== this.turn) return
      if (soon === null && this.painted === "") await this.paint([])
      const found = await parts
      if (turn === this.turn) await this.show(scene, found)
      this.message.hidden = true
    } catch (error) {
      if (turn !== this.turn) return
      if (error instanceof LoadError) this.complain()
      else this.giveUp()
    }
  }

  private begin(geometry: Geometry): void {
    const { common } = this
    if (!isSame(common.geometry, geometry)) {
      common.geometry = geometry
      common.grid = buildGrid(geometry)
      this.selection.forget()
      const { width, height } = extent(geometry)
      common.camera.setHome(center(geometry), width, height)
      this.home()
    }
    for (const panel of this.panels) panel.start(common.geometry!, common.grid!)
  }

  /** Draws what has arrived, if it differs from what is drawn. */
  private async show(scene: Scene, { filter, mask, columns }: Parts): Promise<void> {
    const order = orderOf(scene)
    const adopt = this.selection.isNewer(scene)
    if (adopt) this.selection.adopt(scene.selection.version, mask)
    this.common.filter = filter
    this.common.selected = this.selection.flags
    if (order !== this.painted) {
      this.painted = order
      this.painting = this.paint(columns)
    }
    await this.painting
    if (adopt) await this.showSelection()
    this.look()
    if (this.hand.density) this.drawDensity()
    this.tellDrawn(scene)
  }

  private tellDrawn(scene: Scene): void {
    const titles = scene.panels.map(({ title }) => title).join("|")
    write(this.element, { "data-drawn": scene.num, "data-colored": titles })
    this.element.classList.add("drawn")
    // For whoever measures: when the browser is done with the frame that shows it.
    requestAnimationFrame(() => setTimeout(() => performance.mark(DRAWN)))
  }

  private async paint(columns: Uint8Array[]): Promise<void> {
    await Promise.all(this.panels.map((panel, at) => panel.paint(columns[at] ?? null)))
    this.element.classList.add("drawn")
    this.writeView()
  }

  private hiddenChanged(words: string): void {
    if (words) this.announce(words)
    clearTimeout(this.hiddenTimer)
    this.hiddenTimer = setTimeout(() => {
      if (this.hand.density) this.drawDensity()
      this.tell("hidden", Object.fromEntries(this.panels.map((p) => [p.id, [...p.hidden]])))
    }, HIDDEN_MS) as unknown as number
  }

  private restart(): void {
    for (const panel of this.panels) panel.stop()
    if (this.warm) returnRenderer()
    this.warmUp()
    this.painted = ""
    void this.load()
  }

  private giveUp(): void {
    this.without = true
    for (const panel of this.panels) panel.stop()
    this.panels = []
    this.dress()
    void this.showPicture()
  }

  /** Shows the picture made by the server: this browser cannot draw the points. */
  private async showPicture(): Promise<void> {
    const { showPicture } = await import("./picture_view.ts")
    await showPicture(this.scene, this.grid)
    write(this.element, { "data-picture": true })
    this.tellDrawn(this.scene)
  }

  private complain(): void {
    const again = make("button", { type: "button" }, "Try again")
    again.addEventListener("click", () => void this.load())
    this.message.replaceChildren("The map could not be fetched from the server. ", again)
    this.message.hidden = false
  }
}

function pause(ms: number): Promise<null> {
  return new Promise((resume) => setTimeout(() => resume(null), ms))
}
