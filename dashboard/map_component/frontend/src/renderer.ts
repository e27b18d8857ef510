/**
 * What draws all maps of a page: one graphics context, and pictures only when something changed.
 *
 * Where a graphics card draws, it draws into a canvas of its own, from which the picture is copied
 * onto the panel: a page never runs out of contexts. Without one, and after its context is lost,
 * the points are drawn without it.
 */
import type { Brush, Picture } from "./brush.ts"
import { GlBrush } from "./gl_brush.ts"
import { SoftBrush } from "./soft_brush.ts"

/** A panel that is drawn on. */
export interface Screen {
  canvas: HTMLCanvasElement
  /** Calls `Renderer.draw` if there is anything to draw. */
  redraw: () => void
}

export class Renderer {
  private brush: Brush = GlBrush.create(() => this.drawWithoutCard()) ?? new SoftBrush()
  private readonly screens = new Set<Screen>()
  private readonly waiting = new Set<Screen>()
  private frame = 0
  /** Time from the last drawing to the frame after it. */
  frameMs = 0
  private measuring = false

  /** Lets a panel be drawn on; returns a function that ends it. */
  connect(screen: Screen): () => void {
    this.screens.add(screen)
    return () => {
      this.screens.delete(screen)
      this.waiting.delete(screen)
    }
  }

  /** Draws on a panel now. Throws where the browser cannot. */
  draw(picture: Picture, screen: Screen): void {
    this.waiting.delete(screen)
    this.measure()
    const { canvas } = screen
    const { width, height } = picture
    const context = canvas.getContext("2d")
    if (context === null) throw new Error("This browser does not draw on a canvas.")
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    this.brush.draw(picture, context)
  }

  /** Draws on a panel at the next animation frame. */
  request(screen: Screen): void {
    this.waiting.add(screen)
    if (this.frame === 0) this.frame = requestAnimationFrame(this.tick)
  }

  /** Gives back what is kept for points that are drawn no more. */
  forget(places: Uint16Array): void {
    this.brush.forget(places)
  }

  destroy(): void {
    cancelAnimationFrame(this.frame)
    this.brush.destroy()
  }

  private tick = (): void => {
    this.frame = 0
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const screen of waiting) screen.redraw()
  }

  /** A graphics card draws beside the page: how long it took shows in when the next frame begins. */
  private measure(): void {
    if (this.measuring) return
    this.measuring = true
    const began = performance.now()
    requestAnimationFrame(() => {
      this.frameMs = performance.now() - began
      this.measuring = false
    })
  }

  private drawWithoutCard(): void {
    this.brush = new SoftBrush()
    for (const screen of this.screens) this.request(screen)
  }
}

let shared: Renderer | null = null
let users = 0

/** Lends the page's renderer; give it back with `returnRenderer`. */
export function borrowRenderer(): Renderer {
  shared ??= new Renderer()
  users++
  return shared
}

export function returnRenderer(): void {
  users--
  if (users > 0 || shared === null) return
  shared.destroy()
  shared = null
}
