/** The map where the browser cannot draw it: the server's picture, the legend and the table. */
import type { Scene } from "./contract.ts"
import { make } from "./dom.ts"
import { Legend } from "./legend.ts"

const WORDS =
  "This browser cannot draw the interactive map (no WebGL). Here is the same map as a picture; " +
  "the table tells the rest."

/** What each place shows or is about to show. */
const wanted = new WeakMap<HTMLElement, string>()

/** Shows the picture in the place of the panels. */
export async function showPicture(scene: Scene, place: HTMLElement): Promise<void> {
  const known = JSON.stringify([scene.picture, scene.panels])
  if (wanted.get(place) === known) return
  wanted.set(place, known)
  const sentence = scene.panels.map((panel) => panel.sentence || panel.title).join(" ")
  const picture = make("img", { src: scene.picture, alt: sentence, class: "picture" })
  const legends = scene.panels.map((panel) => {
    const legend = new Legend(null)
    legend.update(panel, new Set())
    return legend.element
  })
  await picture.decode().catch(() => undefined)
  // Another picture may have been asked for in the meantime.
  if (wanted.get(place) !== known) return
  place.dataset.legend = "beside"
  place.replaceChildren(
    make(
      "section",
      { class: "panel", "data-testid": "tumorxy-panel" },
      make("div", { class: "stage without" }, picture, make("p", { class: "why" }, WORDS)),
      make("div", { class: "legends" }, ...legends),
    ),
  )
}
