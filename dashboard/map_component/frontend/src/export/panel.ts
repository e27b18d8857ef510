/** The buttons that save one figure. */

import type { ExportState, FigureToSave } from "./contract.ts"
import { drawPicture, rasterize } from "./picture.ts"
import style from "./style.css"

type Send = (asked: ExportState["pdf"]) => void

/** Milliseconds after which a PDF is given up: the server answers in a fraction of one second. */
const PATIENCE = 30_000

export class Panel {
  private readonly told: HTMLElement
  private readonly buttons = new Map<string, HTMLButtonElement>()
  private figure: FigureToSave | null = null
  private send: Send = () => undefined
  private isBusy = false
  private request = 0
  private waiting: { request: number; timer: number } | null = null

  constructor(root: HTMLElement | ShadowRoot) {
    const sheet = document.createElement("style")
    sheet.textContent = style
    const row = document.createElement("div")
    row.className = "row"
    for (const format of ["SVG", "PNG", "PDF", "CSV"]) row.append(this.button(format))
    this.told = document.createElement("p")
    this.told.className = "told"
    this.told.setAttribute("role", "status")
    root.append(sheet, row, this.told)
  }

  update(figure: FigureToSave, send: Send): void {
    this.figure = figure
    this.send = send
    const table = this.buttons.get("CSV")
    if (table) table.hidden = figure.csv === null
    const waiting = this.waiting
    if (waiting === null) return
    if (figure.pdf?.request === waiting.request) {
      this.stopWaiting(this.save("pdf", decode(figure.pdf.content), "application/pdf"))
    } else if (figure.problem?.request === waiting.request) {
      this.stopWaiting(figure.problem.text)
    }
  }

  private button(format: string): HTMLButtonElement {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = format
    button.setAttribute("aria-label", format === "CSV" ? "Save the data as CSV" : `Save as ${format}`)
    button.addEventListener("click", () => void this.make(format))
    this.buttons.set(format, button)
    return button
  }

  private async make(format: string): Promise<void> {
    if (this.figure === null || this.isBusy) return
    this.busy(true)
    this.told.textContent = `Making the ${format} …`
    try {
      this.told.textContent = await this.made(format, this.figure)
    } catch (reason) {
      this.told.textContent = reason instanceof Error ? reason.message : String(reason)
    }
    this.busy(this.waiting !== null)
  }

  private async made(format: string, figure: FigureToSave): Promise<string> {
    if (format === "CSV") return this.save("csv", figure.csv ?? "", "text/csv;charset=utf-8")
    const picture = await drawPicture(figure)
    if (format === "SVG") return this.save("svg", picture.svg, "image/svg+xml")
    if (format === "PNG") return this.save("png", await rasterize(picture), "image/png")
    this.wait(picture.svg)
    return "Making the PDF …"
  }

  private wait(svg: string): void {
    this.request += 1
    const timer = window.setTimeout(
      () => this.stopWaiting("The PDF did not come. Is the dashboard still running? Try SVG."),
      PATIENCE,
    )
    this.waiting = { request: this.request, timer }
    this.send({ request: this.request, svg })
  }

  private stopWaiting(told: string): void {
    if (this.waiting !== null) window.clearTimeout(this.waiting.timer)
    this.waiting = null
    this.told.textContent = told
    this.busy(false)
  }

  /** A button that cannot be pressed keeps the keyboard's focus, so none is ever disabled. */
  private busy(now: boolean): void {
    this.isBusy = now
    for (const button of this.buttons.values()) button.setAttribute("aria-disabled", String(now))
  }

  private save(ending: string, content: BlobPart, type: string): string {
    const name = `${this.figure?.file ?? "tumorxy"}.${ending}`
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([content], { type }))
    link.download = name
    link.click()
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    return `Saved ${name}`
  }
}

function decode(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
}
