/** The tour: a card in the corner that covers nothing it speaks of, and a ring around that. */

import { make } from "../dom.ts"
import type { GuideData, Step } from "./contract.ts"

const SEEN = "tumorxy-tour"
const RING_PIXELS = 6

/** Whether this browser has seen the tour, or skipped it. */
export function wasSeen(): boolean {
  try {
    return window.localStorage.getItem(SEEN) !== null
  } catch {
    // A browser that keeps nothing would show the tour on every visit.
    return true
  }
}

function rememberSeen(): void {
  try {
    window.localStorage.setItem(SEEN, "done")
  } catch {
    // Nothing is kept in this browser; the tour is not shown by itself there either.
  }
}

export class Tour {
  private readonly card: HTMLElement
  private readonly ring: HTMLElement
  private at = 0
  private frame = 0
  private before: Element | null = null

  constructor(
    root: HTMLElement | ShadowRoot,
    private readonly data: GuideData,
  ) {
    this.ring = make("div", { class: "ring", hidden: "" })
    this.card = make("section", {
      class: "tour",
      role: "dialog",
      "aria-labelledby": "tumorxy-tour-title",
      hidden: "",
    })
    this.card.addEventListener("keydown", (event) => this.key(event))
    root.append(this.ring, this.card)
  }

  /** Show the first step. */
  start(options: { takeFocus: boolean }): void {
    this.before = document.activeElement
    this.at = 0
    this.show()
    this.follow()
    if (options.takeFocus) this.focusNext()
  }

  stop(): void {
    rememberSeen()
    const hadFocus = this.card.contains((this.card.getRootNode() as ShadowRoot).activeElement)
    this.card.hidden = true
    this.ring.hidden = true
    cancelAnimationFrame(this.frame)
    if (hadFocus && this.before instanceof HTMLElement) this.before.focus()
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.stop()
    else if (event.key === "ArrowRight" && this.at + 1 < this.data.steps.length) this.go(1)
    else if (event.key === "ArrowLeft" && this.at > 0) this.go(-1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  private go(by: number): void {
    this.at += by
    if (this.at >= this.data.steps.length) {
      this.stop()
      return
    }
    this.show()
    this.focusNext()
  }

  private focusNext(): void {
    this.card.querySelector<HTMLElement>("button.next")?.focus()
  }

  private show(): void {
    const step = this.data.steps[this.at]
    if (step === undefined) return
    const last = this.at + 1 === this.data.steps.length
    const skip = this.button("Skip the tour", () => this.stop())
    const back = this.button("Back", () => this.go(-1))
    back.hidden = this.at === 0
    skip.hidden = last
    const next = this.button(last ? "Done" : "Next", () => this.go(1))
    next.className = "next"
    this.card.replaceChildren(
      make("p", { class: "count" }, `Step ${this.at + 1} of ${this.data.steps.length}`),
      make("h2", { id: "tumorxy-tour-title" }, step.title),
      make("p", { "aria-live": "polite" }, step.text),
      make("div", { class: "row" }, next, back, skip),
    )
    this.card.hidden = false
  }

  private button(label: string, act: () => void): HTMLButtonElement {
    const button = make("button", { type: "button" }, label)
    button.addEventListener("click", act)
    return button
  }

  /** Keep the ring around the anchor while the page moves. */
  private follow(): void {
    const step = this.data.steps[this.at]
    if (this.card.hidden || step === undefined) return
    this.place(step)
    this.frame = requestAnimationFrame(() => this.follow())
  }

  private place(step: Step): void {
    const box = document.querySelector(step.anchor)?.getBoundingClientRect()
    this.ring.hidden = box === undefined || box.width === 0
    if (box === undefined) return
    this.ring.style.left = `${box.left - RING_PIXELS}px`
    this.ring.style.top = `${box.top - RING_PIXELS}px`
    this.ring.style.width = `${box.width + 2 * RING_PIXELS}px`
    this.ring.style.height = `${box.height + 2 * RING_PIXELS}px`
  }
}
