/** Draws by the graphics card. */
import type { Brush, Picture } from "./brush.ts"

const VERTEX_SHADER = `
attribute vec2 place;
uniform vec4 sight;
uniform float diameter;
void main() {
  gl_Position = vec4(place * sight.xy + sight.zw, 0.0, 1.0);
  gl_PointSize = diameter;
}`

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

const OPTIONS: WebGLContextAttributes = {
  antialias: false,
  depth: false,
  // WebGL without a graphics card is several times slower than `SoftBrush`.
  failIfMajorPerformanceCaveat: true,
}

type Name = "sight" | "diameter" | "color" | "softness"

export class GlBrush implements Brush {
  private readonly buffers = new Map<Uint16Array, WebGLBuffer>()
  private readonly uniforms = {} as Record<Name, WebGLUniformLocation | null>

  /** Takes hold of a graphics card; null where there is none. */
  static create(onLoss: () => void): GlBrush | null {
    const canvas = document.createElement("canvas")
    const gl = canvas.getContext("webgl", OPTIONS)
    return gl === null ? null : new GlBrush(canvas, gl, onLoss)
  }

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGLRenderingContext,
    private readonly onLoss: () => void,
  ) {
    canvas.addEventListener("webglcontextlost", onLoss)
    this.prepare()
  }

  draw(picture: Picture, context: CanvasRenderingContext2D): void {
    const { canvas, gl, uniforms } = this
    const { width, height } = picture
    // The canvas grows to the largest panel and does not shrink.
    if (canvas.width < width) canvas.width = width
    if (canvas.height < height) canvas.height = height
    gl.viewport(0, canvas.height - height, width, height)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.bufferOf(picture.places))
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, 0, 0)
    gl.uniform4fv(uniforms.sight, picture.sight)
    gl.uniform1f(uniforms.softness, picture.softness)
    for (const { first, count, color, diameter } of picture.runs) {
      gl.uniform4fv(uniforms.color, color)
      gl.uniform1f(uniforms.diameter, diameter)
      gl.drawArrays(gl.POINTS, first, count)
    }
    context.clearRect(0, 0, width, height)
    context.drawImage(canvas, 0, 0, width, height, 0, 0, width, height)
  }

  forget(places: Uint16Array): void {
    const buffer = this.buffers.get(places)
    if (buffer === undefined) return
    this.gl.deleteBuffer(buffer)
    this.buffers.delete(places)
  }

  destroy(): void {
    this.canvas.removeEventListener("webglcontextlost", this.onLoss)
    // A context that is only forgotten lives on until the browser collects it.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext()
  }

  /** Sends points to the graphics card, once. */
  private bufferOf(places: Uint16Array): WebGLBuffer {
    const { gl } = this
    const known = this.buffers.get(places)
    if (known !== undefined) return known
    const buffer = gl.createBuffer()
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW)
    this.buffers.set(places, buffer)
    return buffer
  }

  /** Compiles the program; it stays in use, with its settings, as long as the context lives. */
  private prepare(): void {
    const { gl } = this
    const program = gl.createProgram()
    const sources = [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]] as const
    for (const [kind, source] of sources) {
      const shader = gl.createShader(kind)
      if (shader === null) return
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
}
