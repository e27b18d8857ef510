/** Entry of the map component: one map for each place that Streamlit mounts it in. */
import type { FrontendRenderer } from "@streamlit/component-v2-lib"
import { Camera } from "../camera.ts"
import type { Report, Scene } from "../contract.ts"
import { TumorMap, type Tell } from "../map.ts"
import { prepareRenderer } from "../renderer.ts"
import style from "../style.css"

/** Streamlit calls the cleanup of a run that was overtaken, too: only a map that left the page ends. */
const LEAVING_MS = 500

const maps = new WeakMap<HTMLElement | ShadowRoot, TumorMap>()

const draw: FrontendRenderer<Report, Scene> = (args) => {
  const { parentElement, data } = args
  if (!data?.panels) return
  const tell: Tell = (name, value) => {
    if (name === "open") args.setTriggerValue(name, value)
    else args.setStateValue(name, value)
  }
  const map = maps.get(parentElement) ?? mount(parentElement, data, tell)
  map.update(data, tell)
  return () => setTimeout(() => endIfGone(parentElement), LEAVING_MS)
}

function mount(parent: HTMLElement | ShadowRoot, scene: Scene, tell: Tell): TumorMap {
  const map = new TumorMap(scene, tell, new Camera())
  const sheet = document.createElement("style")
  sheet.textContent = style
  parent.append(sheet, map.element)
  maps.set(parent, map)
  return map
}

function endIfGone(parent: HTMLElement | ShadowRoot): void {
  const host = parent instanceof ShadowRoot ? parent.host : parent
  if (host.isConnected) return
  maps.get(parent)?.destroy()
  maps.delete(parent)
}

// The document of a page with a map asks for this script before Streamlit does: while the server
// runs the page, the browser is idle.
prepareRenderer()

export default draw
