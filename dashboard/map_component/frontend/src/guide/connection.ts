/** Marks a page whose server does not answer: what it shows stands as it was. */

import { make } from "../dom.ts"

const STATE = "data-test-connection-state"
const STALE = "data-tumorxy-stale"
const TEXT =
  "The dashboard does not answer, so what is shown may be out of date. It comes back here by " +
  "itself, with the same view."

/** Watch the connection; returns what ends the watch. */
export function watchConnection(root: HTMLElement | ShadowRoot): () => void {
  const app = document.querySelector(`[${STATE}]`)
  if (app === null) return () => undefined
  const banner = make("p", { class: "stale", role: "alert", hidden: true })
  root.append(banner)
  const show = (): void => {
    const isLost = app.getAttribute(STATE) !== "CONNECTED"
    banner.hidden = !isLost
    banner.textContent = isLost ? TEXT : ""
    document.documentElement.toggleAttribute(STALE, isLost)
  }
  const observer = new MutationObserver(show)
  observer.observe(app, { attributes: true, attributeFilter: [STATE] })
  show()
  return () => {
    observer.disconnect()
    document.documentElement.removeAttribute(STALE)
  }
}
