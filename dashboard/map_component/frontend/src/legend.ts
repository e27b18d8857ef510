/** What the colors mean. Each entry is a button that hides and shows its tumors. */
import { MISSING_NAME } from "./classes.ts"
import type { Entry, NumberScale, PanelScene } from "./contract.ts"
import { make, makeSvg } from "./dom.ts"
import { count, tumors } from "./format.ts"
import { shapePath } from "./shapes.ts"

const SWATCH = 14
const GRADIENT_STOPS = 24
const HINT = "Click: hide or show. Double-click or Shift+Enter: show only this one."

export interface LegendEvents {
  toggle: (name: string) => void
  isolate: (name: string) => void
}

export class Legend {
  readonly element = make("div", { class: "legend", role: "group" })
  private drawn = ""

  constructor(private readonly events: LegendEvents | null) {}

  /** Shows the entries of a panel; the focus stays on its entry. */
  update(panel: PanelScene, hidden: ReadonlySet<string>): void {
    const wanted = JSON.stringify([panel.title, panel.entries, panel.scale, panel.note])
    if (wanted !== this.drawn) this.rebuild(panel, wanted)
    // The buttons stay: a double click must meet the same one twice.
    for (const button of this.entries()) {
      button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.name ?? "")))
    }
  }

  private rebuild(panel: PanelScene, wanted: string): void {
    const focused = this.focusedName()
    this.drawn = wanted
    this.element.setAttribute("aria-label", `Colors: ${panel.title}`)
    this.element.replaceChildren(make("div", { class: "legend-title" }, panel.title))
    if (panel.scale !== null) this.element.append(scaleOf(panel.scale))
    const entries = panel.kind === "numbers" ? missingEntry(panel.scale) : panel.entries
    const list = make("div", { class: "legend-entries" })
    list.append(...entries.map((entry) => this.entryOf(entry)))
    this.element.append(list)
    if (panel.note) this.element.append(make("p", { class: "legend-note" }, panel.note))
    this.entries().find(({ dataset }) => dataset.name === focused)?.focus()
  }

  private entries(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll<HTMLButtonElement>("button")]
  }

  private focusedName(): string | undefined {
    const root = this.element.getRootNode() as Document | ShadowRoot
    const active = root.activeElement
    return active instanceof HTMLElement && this.element.contains(active)
      ? active.dataset.name
      : undefined
  }

  private entryOf(entry: Entry): HTMLElement {
    const words = [
      swatch(entry),
      make("span", { class: "name" }, entry.name),
      make("span", { class: "count" }, count(entry.count)),
    ]
    if (this.events === null) return make("div", { class: "tumorxy-legend-entry" }, ...words)
    const button = make(
      "button",
      {
        type: "button",
        class: "tumorxy-legend-entry",
        "data-name": entry.name,
        "aria-label": `${entry.name}, ${tumors(entry.count)}`,
        title: `${entry.name}: ${tumors(entry.count)}. ${HINT}`,
      },
      ...words,
    )
    this.listen(button, entry.name, this.events)
    return button
  }

  private listen(button: HTMLButtonElement, name: string, events: LegendEvents): void {
    button.addEventListener("click", (event) => {
      events.toggle(name)
      // The second click takes back the first and shows this entry only.
      if (event.detail === 2) events.isolate(name)
    })
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return
      event.preventDefault()
      events.isolate(name)
    })
  }
}

function swatch({ color, shape, role }: Entry): SVGElement {
  const side = SWATCH + 4
  const d = shapePath(shape, side / 2, side / 2, SWATCH * (role === "color" ? 0.85 : 0.7))
  return makeSvg(
    "svg",
    {
      class: `swatch ${role.replace(" ", "-")}`,
      viewBox: `0 0 ${side} ${side}`,
      style: `--side: ${side}`,
      "aria-hidden": "true",
    },
    makeSvg("path", { d, fill: color }),
  )
}

function missingEntry(scale: NumberScale | null): Entry[] {
  if (!scale?.missing) return []
  const entry: Entry = {
    name: MISSING_NAME,
    count: scale.missing,
    color: "var(--faint)",
    role: "not profiled",
    shape: "circle",
  }
  return [entry]
}

function scaleOf({ colors, ticks, unit }: NumberScale): HTMLElement {
  const stops = Array.from({ length: GRADIENT_STOPS }, (_, stop) => {
    const at = stop / (GRADIENT_STOPS - 1)
    return `${colors[Math.round(at * (colors.length - 1))] ?? "#888888"} ${at * 100}%`
  })
  const bar = make("div", { class: "scale-bar", "aria-hidden": "true" })
  bar.style.setProperty("--stops", stops.join(","))
  const marks = ticks.map(({ at, text }) => {
    const tick = make("span", { class: "tick" }, text)
    tick.style.setProperty("--at", String(at))
    return tick
  })
  const line = make("div", { class: "scale-ticks" }, ...marks)
  const parts = [make("div", { class: "scale" }, bar, line)]
  if (unit) parts.unshift(make("div", { class: "unit" }, unit))
  return make("div", { class: "number-scale" }, ...parts)
}
