/** The card beside the tumor that is pointed at. */
import type { HoverCard } from "./contract.ts"
import { make } from "./dom.ts"
import type { Point } from "./geometry.ts"
import type { Size } from "./camera.ts"

const GAP = 14

export class Card {
  readonly element = make("div", { class: "card", hidden: true })

  /** Shows a card beside a place of the panel; never beyond its edges. */
  show({ title, lines }: HoverCard, at: Point, frame: Size): void {
    const list = lines.flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)])
    this.element.replaceChildren(make("strong", {}, title), make("dl", {}, ...list))
    this.element.hidden = false
    const { offsetWidth: width, offsetHeight: height } = this.element
    const right = at.x + GAP + width <= frame.width
    const left = right ? at.x + GAP : Math.max(4, at.x - GAP - width)
    const top = Math.min(Math.max(4, at.y - height / 2), Math.max(4, frame.height - height - 4))
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`
  }

  hide(): void {
    this.element.hidden = true
  }
}
