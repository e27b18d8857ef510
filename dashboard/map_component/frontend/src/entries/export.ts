import type { FrontendRenderer } from "@streamlit/component-v2-lib"
import type { ExportState, FigureToSave } from "../export/contract.ts"
import { Panel } from "../export/panel.ts"

const panels = new WeakMap<HTMLElement | ShadowRoot, Panel>()

const offer: FrontendRenderer<ExportState, FigureToSave> = (component) => {
  const { data, parentElement, setTriggerValue } = component
  let panel = panels.get(parentElement)
  if (panel === undefined) {
    panel = new Panel(parentElement)
    panels.set(parentElement, panel)
  }
  panel.update(data, (asked) => setTriggerValue("pdf", asked))
}

export default offer
