/** The row of tools above the panels. */
import { make, makeSvg, write } from "./dom.ts"
import type { Tool } from "./gestures.ts"

export type Action =
  | Tool
  | "zoom in"
  | "zoom out"
  | "whole map"
  | "clear"
  | "density"
  | "labels"
  | "table"
  | "keys"

interface Button {
  action: Action
  label: string
  key: string
  /** Lines of the picture on a field of 20 by 20. */
  picture: string
  /** Whether it stays pressed. */
  toggles: boolean
}

const BUTTONS: readonly (readonly Button[])[] = [
  [
    {
      action: "pan", label: "Pan", key: "P", toggles: true,
      picture:
        "M10 2v16M2 10h16M10 2l-2.5 2.5M10 2l2.5 2.5M10 18l-2.5-2.5M10 18l2.5-2.5" +
        "M2 10l2.5-2.5M2 10l2.5 2.5M18 10l-2.5-2.5M18 10l-2.5 2.5",
    },
    {
      action: "lasso", label: "Lasso", key: "L", toggles: true,
      picture: "M6 14C2 12 2 5 8 4s10 2 9 6-7 5-11 4c-2 0-2 3 0 3s1 2-1 2",
    },
    {
      action: "box", label: "Box", key: "B", toggles: true,
      picture: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M9 3h2M9 17h2M3 9v2M17 9v2",
    },
  ],
  [
    {
      action: "zoom in", label: "Zoom in", key: "+", toggles: false,
      picture: "M13.5 8.5a5 5 0 1 1-10 0a5 5 0 1 1 10 0M12 12l5.5 5.5M8.5 6v5M6 8.5h5",
    },
    {
      action: "zoom out", label: "Zoom out", key: "−", toggles: false,
      picture: "M13.5 8.5a5 5 0 1 1-10 0a5 5 0 1 1 10 0M12 12l5.5 5.5M6 8.5h5",
    },
    {
      action: "whole map", label: "Whole map", key: "0", toggles: false,
      picture: "M2.5 7V2.5H7M13 2.5h4.5V7M17.5 13v4.5H13M7 17.5H2.5V13M7.5 7.5h5v5h-5Z",
    },
  ],
  [
    {
      action: "clear", label: "Clear selection", key: "Esc", toggles: false,
      picture: "M5 5l10 10M15 5L5 15",
    },
  ],
  [
    {
      action: "density", label: "Density", key: "D", toggles: true,
      picture:
        "M10 9.5a1 1 0 1 0 .1 0M10 6c3 0 5 2 5 4.5S13 14 10 14s-4-1-4-4 1-4 4-4" +
        "M10 2.5c5 0 8 3 8 8S15 18 10 18 2 15 2 10s3-7.5 8-7.5",
    },
    {
      action: "labels", label: "Labels", key: "T", toggles: true,
      picture: "M4 5h12M10 5v11M4 5v2.5M16 5v2.5M8 16h4",
    },
    {
      action: "table", label: "Show as table", key: "A", toggles: true,
      picture: "M3 4h14v12H3ZM3 8h14M3 12h14M8 4v12",
    },
    {
      action: "keys", label: "Keys", key: "?", toggles: false,
      picture: "M2 5.5h16v9H2ZM5 8.5h.1M8 8.5h.1M11 8.5h.1M14.5 8.5h.1M6 11.5h8",
    },
  ],
]

export class Toolbar {
  readonly element = make("div", { class: "toolbar", role: "toolbar", "aria-label": "Map tools" })
  private readonly status = make("span", { class: "status" })
  private readonly buttons = new Map<Action, HTMLButtonElement>()

  constructor(act: (action: Action) => void) {
    for (const group of BUTTONS) {
      const made = group.map((button) => this.add(button, act))
      this.element.append(make("div", { class: "group" }, ...made))
    }
    this.element.append(this.status)
    this.element.addEventListener("keydown", this.walk)
    this.buttons.get("pan")!.tabIndex = 0
  }

  /** Shows which tools are on. */
  press(pressed: ReadonlySet<Action>): void {
    for (const [action, button] of this.buttons) {
      if (button.hasAttribute("aria-pressed")) {
        write(button, { "aria-pressed": String(pressed.has(action)) })
      }
    }
  }

  setStatus(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text
  }

  /** Leaves only these tools; null shows all. */
  limit(actions: ReadonlySet<Action> | null): void {
    for (const [action, button] of this.buttons) {
      button.hidden = actions !== null && !actions.has(action)
    }
    for (const group of this.element.querySelectorAll<HTMLElement>(".group")) {
      group.hidden = group.querySelector("button:not([hidden])") === null
    }
    this.hold(this.shown()[0])
  }

  disable(action: Action, disabled: boolean): void {
    write(this.buttons.get(action)!, { "aria-disabled": String(disabled) })
  }

  focus(action: Action): void {
    this.buttons.get(action)?.focus()
  }

  private add(
    { action, label, key, picture, toggles }: Button,
    act: (action: Action) => void,
  ): HTMLButtonElement {
    const drawing = makeSvg(
      "svg",
      { viewBox: "0 0 20 20", "aria-hidden": "true" },
      makeSvg("path", { d: picture }),
    )
    const button = make(
      "button",
      { type: "button", "aria-label": label, title: `${label} (${key})`, tabindex: -1 },
      drawing,
    )
    if (toggles) write(button, { "aria-pressed": "false" })
    button.addEventListener("click", () => {
      this.hold(button)
      if (button.getAttribute("aria-disabled") !== "true") act(action)
    })
    this.buttons.set(action, button)
    return button
  }

  private shown(): HTMLButtonElement[] {
    return [...this.buttons.values()].filter((button) => !button.hidden)
  }

  /** One stop for the Tab key; the arrows walk within. */
  private hold(chosen: HTMLButtonElement | undefined): void {
    for (const button of this.buttons.values()) button.tabIndex = button === chosen ? 0 : -1
  }

  private walk = (event: KeyboardEvent): void => {
    const shown = this.shown()
    const at = shown.indexOf(event.target as HTMLButtonElement)
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key]
    if (next === undefined || at < 0) return
    event.preventDefault()
    event.stopPropagation()
    const button = shown[(next + shown.length) % shown.length]!
    this.hold(button)
    button.focus()
  }
}
