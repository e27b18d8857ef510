/** The button, the sheet and the tour, mounted once around all pages. */

import { make } from "../dom.ts"
import { watchConnection } from "./connection.ts"
import type { GuideData } from "./contract.ts"
import { keepSteps } from "./history.ts"
import { openSheet } from "./sheet.ts"
import style from "./style.css"
import { Tour, wasSeen } from "./tour.ts"

const EDITABLE = "input, textarea, select, [contenteditable=''], [contenteditable='true']"

/** Mount everything; returns what takes it away again. */
export function mountGuide(root: HTMLElement | ShadowRoot, data: GuideData): () => void {
  const sheet = make("style", {}, style)
  const open = make(
    "button",
    { type: "button", class: "open", "aria-keyshortcuts": "?", "aria-label": "Help, keys, terms" },
    "Help",
  )
  root.append(sheet, open)
  const tour = new Tour(root, data)
  const show = (): void => openSheet(root, data, () => tour.start({ takeFocus: true }))
  open.addEventListener("click", show)
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "?" || event.defaultPrevented || isWriting(event)) return
    event.preventDefault()
    show()
  }
  document.addEventListener("keydown", key)
  const endWatch = watchConnection(root)
  const endSteps = keepSteps()
  if (!wasSeen()) tour.start({ takeFocus: false })
  return () => {
    document.removeEventListener("keydown", key)
    endWatch()
    endSteps()
    root.replaceChildren()
  }
}

function isWriting(event: KeyboardEvent): boolean {
  return event.composedPath().some((part) => part instanceof Element && part.matches(EDITABLE))
}
