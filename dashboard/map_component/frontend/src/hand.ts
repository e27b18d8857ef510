/** What the reader does to a map: tools, keys, selecting, pointing, opening. */
import type { Change } from "./bitmask.ts"
import type { Point } from "./geometry.ts"
import type { Tool } from "./gestures.ts"
import type { TumorMap } from "./map.ts"
import type { Panel, PanelEvents } from "./panel.ts"
import { findInside } from "./polygon.ts"
import { Toolbar, type Action } from "./toolbar.ts"
import { deedOf, type Deed } from "./view_keys.ts"
import { Walk } from "./walk.ts"

const ZOOM_STEP = 1.5

export class Hand {
  readonly toolbar = new Toolbar((action) => this.act(action))
  density = false
  labels = true
  private table = false
  private tool: Tool = "pan"
  private readonly walk = new Walk()

  constructor(private readonly map: TumorMap) {}

  /** What a panel reports. */
  readonly events: Pick<PanelEvents, "tool" | "selects" | "pointed" | "selected" | "opened"> = {
    tool: () => this.tool,
    selects: () => this.map.scene.tools,
    pointed: (panel, row) => this.map.pointing.at(panel, row, this.map.scene.hover),
    selected: (panel, corners, change) => this.select(panel, corners, change),
    opened: (row, at) => this.openOrEnlarge(row, at),
  }

  showTools(): void {
    const on = new Set<Action>([this.tool])
    if (this.density) on.add("density")
    if (this.labels) on.add("labels")
    if (this.table) on.add("table")
    this.toolbar.press(on)
    this.toolbar.disable("clear", this.map.selection.flags === null)
    for (const panel of this.map.panels) panel.stage.dataset.tool = this.tool
  }

  key = (event: KeyboardEvent): void => {
    const panel = this.map.panels.find(({ stage }) => stage === event.target)
    const deed = deedOf(event, panel !== undefined)
    if (deed === null || (!this.map.scene.tools && !isLooking(deed))) return
    if (this.perform(deed, panel ?? this.map.panels[0])) {
      event.preventDefault()
      event.stopPropagation()
    }
  }

  /** Does what a key asks for; tells whether there was anything to do. */
  private perform(deed: Deed, panel: Panel | undefined): boolean {
    if (deed.do === "act") this.act(deed.action)
    else if (panel === undefined) return false
    else if (deed.do === "move") this.moveBy(deed.right, deed.down)
    else if (deed.do === "cancel") return this.cancel()
    else if (deed.do === "select view") this.selectView(panel)
    else if (deed.do === "open") return this.open(this.map.pointing.row)
    else this.walkTo(panel, deed)
    return true
  }

  private act(action: Action): void {
    const { camera } = this.map.common
    if (action === "pan" || action === "lasso" || action === "box") this.tool = action
    else if (action === "zoom in") this.zoomBy(ZOOM_STEP)
    else if (action === "zoom out") this.zoomBy(1 / ZOOM_STEP)
    else if (action === "whole map") {
      this.map.pointing.away()
      camera.showAll()
      this.map.moved()
    } else if (action === "clear") this.clear()
    else this.switchOn(action)
    this.showTools()
  }

  private switchOn(action: "density" | "labels" | "table" | "keys"): void {
    if (action === "density") {
      this.density = !this.density
      this.map.drawDensity()
    } else if (action === "labels") {
      this.labels = !this.labels
      this.map.redrawWords()
    } else if (action === "table") {
      this.table = !this.table
      void this.map.showTable(this.table)
    } else {
      void import("./help.ts").then(({ showKeys }) => showKeys(this.map.element))
    }
  }

  private zoomBy(factor: number): void {
    this.map.pointing.away()
    this.map.common.camera.zoomBy(factor)
    this.map.moved()
  }

  private moveBy(right: number, down: number): void {
    this.map.pointing.away()
    this.map.common.camera.panBy(right, down)
    this.map.moved()
  }

  /** Esc gives up the outline, else the pointing, else the table, else the selection. */
  private cancel(): boolean {
    const drawing = this.map.panels.filter((panel) => panel.cancelOutline()).length > 0
    if (drawing) return true
    if (this.map.pointing.row >= 0) {
      this.map.pointing.away()
      return true
    }
    if (this.table) {
      this.act("table")
      return true
    }
    return this.clear()
  }

  private clear(): boolean {
    if (this.map.selection.flags === null) return false
    this.map.tell("selection", this.map.selection.clear())
    void this.map.showSelection()
    return true
  }

  private selectView(panel: Panel): void {
    const [x0, x1, y0, y1] = this.map.common.camera.view
    const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].map(([x, y]) => ({ x: x!, y: y! }))
    this.select(panel, corners, "replace")
  }

  private select(panel: Panel, corners: Point[], change: Change): void {
    const { geometry } = this.map.common
    if (geometry === null) return
    const found = findInside(geometry, corners, panel.eligible)
    this.map.tell("selection", this.map.selection.change(found, change, corners))
    void this.map.showSelection()
  }

  private walkTo(panel: Panel, deed: { do: "point" } | { do: "step"; by: number }): void {
    const { geometry, camera } = this.map.common
    if (geometry === null) return
    const again = deed.do === "point" || this.map.pointing.row < 0
    const row = again
      ? this.walk.begin(geometry, camera, panel.eligible)
      : this.walk.step((deed as { by: number }).by)
    this.map.pointing.at(panel, row, this.map.scene.hover, (words) => this.map.announce(words))
  }

  private open(row: number): boolean {
    if (row < 0) return false
    this.map.tell("open", row)
    return true
  }

  /** A double click opens the tumor it meets; beside tumors it enlarges. */
  private openOrEnlarge(row: number, at: Point): void {
    if (this.open(row)) return
    this.map.common.camera.zoomBy(ZOOM_STEP * ZOOM_STEP, at)
    this.map.moved()
  }
}

/** Whether a deed only looks around, which every map allows. */
function isLooking(deed: Deed): boolean {
  const views: Action[] = ["zoom in", "zoom out", "whole map", "keys"]
  return deed.do === "act" ? views.includes(deed.action) : deed.do !== "select view"
}
