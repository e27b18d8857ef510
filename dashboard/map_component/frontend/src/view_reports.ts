/** Tells the page what part of the map is seen, once the reader pauses. */
import type { View } from "./contract.ts"

const PAUSE_MS = 400
const REMEMBERED = 20

export class ViewReports {
  private timer = 0
  private told: string[] = []

  constructor(private readonly tell: (view: View) => void) {}

  soon(view: View): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.now(view), PAUSE_MS) as unknown as number
  }

  /** Whether a view from the page is a wish of its own rather than the echo of one told to it. */
  isNews(view: View, before: View | null): boolean {
    if (before !== null && nameOf(before) === nameOf(view)) return false
    return !this.told.includes(nameOf(view))
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private now(view: View): void {
    const rounded = view.map((edge) => Number(edge.toPrecision(6))) as View
    this.told = [...this.told, nameOf(rounded)].slice(-REMEMBERED)
    this.tell(rounded)
  }
}

/** The page may round what it keeps in its address. */
function nameOf(view: View): string {
  return view.map((edge) => edge.toPrecision(4)).join()
}
