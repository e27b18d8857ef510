/** Pointing at a tumor: the ring in all panels, the card in one. */
import { loadCard } from "./loading.ts"
import type { Panel } from "./panel.ts"

const PAUSE_MS = 60

export class Pointing {
  row = -1
  private timer = 0
  private turn = 0

  constructor(private readonly panels: () => readonly Panel[]) {}

  /**
   * Points at a row of a panel, or away with -1.
   *
   * @param address Where cards come from, without the row.
   * @param told Called with the card in words.
   */
  at(panel: Panel, row: number, address: string, told?: (words: string) => void): void {
    if (row === this.row && row >= 0) return
    this.row = row
    const turn = ++this.turn
    clearTimeout(this.timer)
    for (const each of this.panels()) {
      each.ring(row)
      each.showCard(null, -1)
      each.stage.classList.toggle("on-tumor", row >= 0)
    }
    if (row < 0 || address === "") return
    this.timer = setTimeout(async () => {
      const card = await loadCard(address, row).catch(() => null)
      if (card === null || turn !== this.turn) return
      panel.showCard(card, row)
      told?.(`${card.title}. ${card.lines.map(([label, value]) => `${label}: ${value}`).join(". ")}`)
    }, PAUSE_MS) as unknown as number
  }

  away(): void {
    const [panel] = this.panels()
    if (panel && this.row >= 0) this.at(panel, -1, "")
  }

  stop(): void {
    this.turn++
    clearTimeout(this.timer)
  }
}
