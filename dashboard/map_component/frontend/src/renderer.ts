/**
 * One WebGL context for all maps of a page.
 *
 * It draws into a canvas as large as the largest panel, only when something changed, and copies
 * the picture onto the panel: a page never runs out of contexts.
 */
import type { Rgba } from "./classes.ts"

/** Time for a lost context to come back before the map gives up on WebGL. */
const PATIENCE_MS = 4_000

const VERTEX_SHADER = `
attribute vec2 place;
uniform vec4 sight;
uniform float diameter;
void main() {
  gl_Position = vec4(place * sight.xy + sight.zw, 0.0, 1.0);
  gl_PointSize = diameter;
}`

/** A disk whose edge fades over a few tenths of a pixel. */
const FRAGMENT_SHADER = `
precision highp float;
uniform vec4 color;
uniform float diameter;
uniform float softness;
void main() {
  float distance = length(gl_PointCoord * 2.0 - 1.0) * diameter;
  float inside = clamp((diameter + softness - distance) / (2.0 * softness), 0.0, 1.0);
  gl_FragColor = vec4(color.rgb, color.a * inside);
}`

/** Points that follow one another and look alike. */
export interface Run {
  first: number
  count: number
  color: Rgba
  /** Device pixels. */
  diameter: number
}

/** What is drawn on a panel. */
export interface Picture {
  /** x and y of each point as 16-bit steps, in the order of drawing. */
  places: WebGLBuffer
  runs: Run[]
  /** Factors and offsets from places, as shares of the map, to the edges of the picture. */
  sight: [number, number, number, number]
  softness: number
  /** Device pixels. */
  width: number
  height: number
}

/** A panel that is drawn on. */
export interface Screen {
  canvas: HTMLCanvasElement
  /** Draws with `Renderer.draw`, or not at all; called at the animation frame after `Renderer.request`. */
  redraw: () => void
  /** Called when WebGL is gone for good, or back with nothing in it. */
  onLoss: (state: "gone" | "back") => void
}

type Name = "sight" | "diameter" | "color" | "softness"

export class Renderer {
  private readonly canvas = document.createElement("canvas")
  private readonly gl: WebGLRenderingContext
  private uniforms = {} as Record<Name, WebGLUniformLocation | null>
  private readonly screens = new Set<Screen>()
  private readonly waiting = new Set<Screen>()
  private frame = 0
  /** Time from the last drawing to the frame after it. */
  frameMs = 0
  private measuring = false
  private lossTimer = 0

  constructor() {
    const gl = this.canvas.getContext("webgl", { antialias: false, depth: false })
    if (gl === null) throw new Error("This browser offers no WebGL; the map shows a picture instead.")
    this.gl = gl
    this.prepare()
    this.canvas.addEventListener("webglcontextlost", this.lose)
    this.canvas.addEventListener("webglcontextrestored", this.regain)
  }

  /** Lets a panel be drawn on; returns a function that ends it. */
  connect(screen: Screen): () => void {
    this.screens.add(screen)
    return () => {
      this.screens.delete(screen)
      this.waiting.delete(screen)
    }
  }

  createPlaces(): WebGLBuffer {
    return this.gl.createBuffer()
  }

  /** Sends x and y of all points, (N, 2), in the order of drawing. */
  sendPlaces(buffer: WebGLBuffer, places: Uint16Array): void {
    const { gl } = this
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW)
  }

  deletePlaces(buffer: WebGLBuffer): void {
    this.gl.deleteBuffer(buffer)
  }

  /** Draws a picture and copies it onto the panel. */
  draw(picture: Picture, screen: Screen): void {
    const { gl } = this
    const { canvas } = screen
    const { width, height, sight, softness } = picture
    this.waiting.delete(screen)
    this.measure()
    this.makeRoom(width, height)
    gl.viewport(0, this.canvas.height - height, width, height)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.bindBuffer(gl.ARRAY_BUFFER, picture.places)
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, 0, 0)
    gl.uniform4fv(this.uniforms.sight, sight)
    gl.uniform1f(this.uniforms.softness, softness)
    for (const { first, count, color, diameter } of picture.runs) {
      gl.uniform4fv(this.uniforms.color, color)
      gl.uniform1f(this.uniforms.diameter, diameter)
      gl.drawArrays(gl.POINTS, first, count)
    }
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const context = canvas.getContext("2d")
    context?.clearRect(0, 0, width, height)
    context?.drawImage(this.canvas, 0, 0, width, height, 0, 0, width, height)
  }

  /** Draws on the panel at the next animation frame. */
  request(screen: Screen): void {
    this.waiting.add(screen)
    if (this.frame === 0) this.frame = requestAnimationFrame(this.tick)
  }

  destroy(): void {
    cancelAnimationFrame(this.frame)
    clearTimeout(this.lossTimer)
    this.canvas.removeEventListener("webglcontextlost", this.lose)
    this.canvas.removeEventListener("webglcontextrestored", this.regain)
    // A context that is only forgotten lives on until the browser collects it.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext()
  }

  /** Compiles the program; it stays in use, with its settings, as long as the context lives. */
  private prepare(): void {
    const { gl } = this
    const program = gl.createProgram()
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX_SHADER],
      [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
    ] as const) {
      const shader = gl.createShader(kind)!
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.bindAttribLocation(program, 0, "place")
    gl.linkProgram(program)
    gl.useProgram(program)
    for (const name of ["sight", "diameter", "color", "softness"] as const) {
      this.uniforms[name] = gl.getUniformLocation(program, name)
    }
    gl.enableVertexAttribArray(0)
    gl.enable(gl.BLEND)
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  }

  /** The canvas grows to the largest panel and does not shrink. */
  private makeRoom(width: number, height: number): void {
    if (this.canvas.width < width) this.canvas.width = width
    if (this.canvas.height < height) this.canvas.height = height
  }

  private tick = (): void => {
    this.frame = 0
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const screen of waiting) screen.redraw()
  }

  /** The picture is made by another process: how long that took shows in when a frame begins. */
  private measure(): void {
    if (this.measuring) return
    this.measuring = true
    const began = performance.now()
    requestAnimationFrame(() => {
      this.frameMs = performance.now() - began
      this.measuring = false
    })
  }

  private lose = (event: Event): void => {
    // Without this, the browser would not give the context back.
    event.preventDefault()
    clearTimeout(this.lossTimer)
    this.lossTimer = setTimeout(() => this.tellLoss("gone"), PATIENCE_MS) as unknown as number
  }

  private regain = (): void => {
    clearTimeout(this.lossTimer)
    this.prepare()
    this.tellLoss("back")
  }

  private tellLoss(state: "gone" | "back"): void {
    // Whoever answers starts anew and leaves: iterate over those that are there now.
    for (const { onLoss } of [...this.screens]) onLoss(state)
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

export function returnRenderer(): void {
  users--
  if (users > 0 || shared === null) return
  shared.destroy()
  shared = null
}
