/** Plotly's library, fetched from this server the first time a figure is saved. */

import type { Plotly } from "./contract.ts"

const FILE = "../tumorxy.plotly/plotly.min.js"

let loading: Promise<Plotly> | null = null

export function loadPlotly(): Promise<Plotly> {
  loading ??= fetchPlotly().catch((reason: unknown) => {
    loading = null
    throw reason
  })
  return loading
}

function fetchPlotly(): Promise<Plotly> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(FILE, import.meta.url).href
    script.onload = () => resolve((window as unknown as { Plotly: Plotly }).Plotly)
    script.onerror = () => {
      script.remove()
      reject(new Error("The drawing library did not arrive. Is the dashboard still running?"))
    }
    document.head.append(script)
  })
}
