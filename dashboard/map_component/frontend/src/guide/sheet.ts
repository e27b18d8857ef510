/** The help sheet: the keys of all pages and what each term means. */

import { make } from "../dom.ts"
import { groupOf, KEYS } from "../help.ts"
import type { GuideData } from "./contract.ts"

/** Open the sheet within `root`; the focus returns to where it was. */
export function openSheet(
  root: HTMLElement | ShadowRoot,
  data: GuideData,
  startTour: () => void,
): void {
  if (root.querySelector("dialog.sheet")) return
  const close = make("button", { type: "button", class: "close" }, "Close")
  const tour = make("button", { type: "button" }, "Show the tour")
  const dialog = make(
    "dialog",
    { class: "sheet", "aria-labelledby": "tumorxy-help-title" },
    make("h2", { id: "tumorxy-help-title" }, "Help"),
    make("p", {}, data.notice),
    make("div", { class: "columns" }, termsOf(data), keysOf(data)),
    make("div", { class: "row" }, tour, close),
  )
  tour.addEventListener("click", () => {
    dialog.close()
    startTour()
  })
  close.addEventListener("click", () => dialog.close())
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  dialog.addEventListener("keydown", (event) => event.stopPropagation())
  dialog.addEventListener("close", () => dialog.remove())
  root.append(dialog)
  dialog.showModal()
  close.focus()
}

function termsOf(data: GuideData): HTMLElement {
  const list = make("dl", { class: "terms" })
  const search = make("input", {
    type: "search",
    placeholder: "Find a term",
    "aria-label": "Find a term",
  })
  const nothing = make("p", { role: "status" })
  const show = (): void => {
    const asked = search.value.trim().toLowerCase()
    const found = data.terms.filter((parts) => parts.join(" ").toLowerCase().includes(asked))
    list.replaceChildren(
      ...found.flatMap(([term, meaning]) => [make("dt", {}, term), make("dd", {}, meaning)]),
    )
    nothing.textContent = found.length > 0 ? "" : "No term has this in its name or meaning."
  }
  search.addEventListener("input", show)
  show()
  // Scrolled by keyboard too, so it takes the focus.
  const scrolled = make(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": "What the terms mean" },
    list,
  )
  return make("section", {}, make("h3", {}, "What the terms mean"), search, nothing, scrolled)
}

function keysOf(data: GuideData): HTMLElement {
  const groups = [...data.keys, ...KEYS.map(([title, keys]) => [`Map: ${title}`, keys] as const)]
  const scrolled = make(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Keys" },
    ...groups.map(([title, keys]) => groupOf(title, keys)),
  )
  return make("section", {}, make("h3", {}, "Keys"), scrolled)
}
