/**
 * One WebGL context for all maps of a page.
 *
 * regl-scatterplot brings a renderer of its own, which draws into a float buffer as large as the
 * window at every animation frame. This one draws straight into a canvas as large as the largest
 * panel, only when something changed, and copies the picture onto the panel: several times faster
 * without a graphics card, and a page never runs out of contexts.
 */
import createRegl, { type Regl } from "regl"

const EXTENSIONS = ["OES_texture_float", "OES_element_index_uint"]
/** Time for a lost context to come back before the map gives up on WebGL. */
const PATIENCE_MS = 4_000

export interface Screen {
  canvas: HTMLCanvasElement
  /** Called when a new picture is on the canvas. */
  onShown: () => void
  /** Called when WebGL is gone for good, or back with nothing in it. */
  onLoss: (state: "gone" | "back") => void
}

export class Renderer {
  readonly canvas = document.createElement("canvas")
  readonly regl: Regl
  readonly isSupported = true
  isDestroyed = false
  gamma = 1
  /** Where the picture of each canvas of regl-scatterplot is shown. */
  private readonly screens = new Map<HTMLCanvasElement, Screen>()
  private readonly draws = new Set<() => void>()
  /** Work in progress of each panel. */
  private readonly running = new Map<object, number>()
  private frame = 0
  /** Time from the last drawing to the frame after it. */
  frameMs = 0
  private lossTimer = 0

  constructor() {
    this.regl = createRegl({
      canvas: this.canvas,
      attributes: { antialias: false, depth: false, stencil: false, alpha: true },
      extensions: EXTENSIONS,
    })
    this.canvas.addEventListener("webglcontextlost", this.lose)
    this.canvas.addEventListener("webglcontextrestored", this.regain)
  }

  /** Shows what is drawn for `drawn` on `screen`; returns a function that ends it. */
  connect(drawn: HTMLCanvasElement, screen: Screen): () => void {
    this.screens.set(drawn, screen)
    return () => this.screens.delete(drawn)
  }

  /** Called by regl-scatterplot: draws one panel and copies it onto the screen. */
  render = (draw: () => void, drawn: HTMLCanvasElement): void => {
    const screen = this.screens.get(drawn)
    if (!screen || drawn.width < 1 || drawn.height < 1) return
    this.regl.clear({ color: [0, 0, 0, 0] })
    draw()
    const { canvas, onShown } = screen
    const { width, height } = drawn
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const left = (this.canvas.width - width) / 2
    const top = (this.canvas.height - height) / 2
    const context = canvas.getContext("2d")
    context?.clearRect(0, 0, width, height)
    context?.drawImage(this.canvas, left, top, width, height, 0, 0, width, height)
    onShown()
  }

  /** Makes room for the largest panel. */
  refresh = (): void => {
    const drawn = [...this.screens.keys()]
    const width = Math.max(1, ...drawn.map((canvas) => canvas.width))
    const height = Math.max(1, ...drawn.map((canvas) => canvas.height))
    if (this.canvas.width !== width) this.canvas.width = width
    if (this.canvas.height !== height) this.canvas.height = height
    this.regl.poll()
  }

  onFrame = (draw: () => void): (() => void) => {
    this.draws.add(draw)
    return () => this.draws.delete(draw)
  }

  /** Draws at the next animation frame whatever asked to be drawn. */
  request(): void {
    if (this.frame === 0 && !this.isDestroyed) this.frame = requestAnimationFrame(this.tick)
  }

  /** Draws at every animation frame until the work is done or the owner gives up. */
  async drawDuring(owner: object, work: Promise<unknown>): Promise<void> {
    this.running.set(owner, (this.running.get(owner) ?? 0) + 1)
    // regl-scatterplot takes over settings in the next frame: draws after that, not before and again.
    cancelAnimationFrame(this.frame)
    this.frame = 0
    this.request()
    try {
      await work
    } finally {
      const left = (this.running.get(owner) ?? 1) - 1
      if (left > 0) this.running.set(owner, left)
      else this.running.delete(owner)
      this.request()
    }
  }

  /** Forgets the work of a panel that is gone. */
  release(owner: object): void {
    this.running.delete(owner)
  }

  resize = (): void => this.refresh()

  destroy = (): void => {
    this.isDestroyed = true
    cancelAnimationFrame(this.frame)
    clearTimeout(this.lossTimer)
    this.canvas.removeEventListener("webglcontextlost", this.lose)
    this.canvas.removeEventListener("webglcontextrestored", this.regain)
    // A context that is only forgotten lives on until the browser collects it.
    const context = this.regl._gl.getExtension("WEBGL_lose_context")
    this.regl.destroy()
    context?.loseContext()
  }

  private tick = (now: number): void => {
    this.frame = 0
    for (const draw of this.draws) draw()
    if (this.running.size > 0) this.request()
    // The picture is made by another process: how long that took shows in when the next one begins.
    requestAnimationFrame((next) => (this.frameMs = next - now))
  }

  private lose = (): void => {
    clearTimeout(this.lossTimer)
    this.lossTimer = setTimeout(() => this.tellLoss("gone"), PATIENCE_MS) as unknown as number
  }

  private regain = (): void => {
    clearTimeout(this.lossTimer)
    this.tellLoss("back")
  }

  private tellLoss(state: "gone" | "back"): void {
    // Whoever answers starts anew and leaves: iterate over those that are still there.
    for (const { onLoss } of this.screens.values()) onLoss(state)
  }
}

let shared: Renderer | null = null
let users = 0

/** Lends the page's renderer; give it back with `returnRenderer`. Throws without WebGL. */
export function borrowRenderer(): Renderer {
  shared ??= new Renderer()
  users++
  return shared
}

/** Makes WebGL ready before there is a map; whoever needs it meets what stands in the way. */
export function prepareRenderer(): void {
  try {
    shared ??= new Renderer()
  } catch {
    shared = null
  }
}

export function returnRenderer(): void {
  users--
  if (users > 0 || shared === null) return
  shared.destroy()
  shared = null
}
