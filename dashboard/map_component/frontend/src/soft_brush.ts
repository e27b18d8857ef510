/** Draws without a graphics card: the same disks, blended pixel by pixel. */
import type { Brush, Picture, Run } from "./brush.ts"
import { STEPS } from "./geometry.ts"

export class SoftBrush implements Brush {
  /** Red, green, blue times opacity, and opacity, of each pixel. */
  private blended = new Float32Array(0)

  draw(picture: Picture, context: CanvasRenderingContext2D): void {
    const { width, height } = picture
    const image = context.createImageData(width, height)
    context.putImageData(this.paint(picture, image), 0, 0)
  }

  forget(): void {}

  destroy(): void {
    this.blended = new Float32Array(0)
  }

  /** Fills `image`, which is as large as the picture. */
  paint(picture: Picture, image: ImageData): ImageData {
    const length = 4 * picture.width * picture.height
    if (this.blended.length === length) this.blended.fill(0)
    else this.blended = new Float32Array(length)
    for (const run of picture.runs) blend(this.blended, picture, run)
    separate(this.blended, image.data)
    return image
  }
}

/** Lays the points of a run over what is there. */
function blend(blended: Float32Array, picture: Picture, { first, count, color, diameter }: Run): void {
  const { places, sight, softness, width, height } = picture
  const [red, green, blue, alpha] = color
  const half = diameter / 2
  const reach = (diameter + softness) / (2 * softness)
  // From steps to the middles of pixels, which lie between their edges.
  const [right, down] = [(sight[0] * width) / 2 / STEPS, (-sight[1] * height) / 2 / STEPS]
  const [left, top] = [((sight[2] + 1) * width - 1) / 2, ((1 - sight[3]) * height - 1) / 2]
  for (let at = 2 * first; at < 2 * (first + count); at += 2) {
    const cx = left + places[at]! * right
    const cy = top + places[at + 1]! * down
    const x0 = Math.max(0, Math.ceil(cx - half))
    const x1 = Math.min(width, cx + half)
    const y1 = Math.min(height, cy + half)
    for (let y = Math.max(0, Math.ceil(cy - half)); y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const distance = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy))
        const inside = reach - distance / softness
        if (inside <= 0) continue
        const share = inside < 1 ? inside * alpha : alpha
        const rest = 1 - share
        const pixel = 4 * (y * width + x)
        blended[pixel] = blended[pixel]! * rest + red * share
        blended[pixel + 1] = blended[pixel + 1]! * rest + green * share
        blended[pixel + 2] = blended[pixel + 2]! * rest + blue * share
        blended[pixel + 3] = blended[pixel + 3]! * rest + share
      }
    }
  }
}

/** From colors times opacity to colors and opacity, in bytes. */
function separate(blended: Float32Array, bytes: Uint8ClampedArray): void {
  for (let pixel = 0; pixel < blended.length; pixel += 4) {
    const opacity = blended[pixel + 3]!
    if (opacity === 0) continue
    const factor = 255 / opacity
    bytes[pixel] = blended[pixel]! * factor
    bytes[pixel + 1] = blended[pixel + 1]! * factor
    bytes[pixel + 2] = blended[pixel + 2]! * factor
    bytes[pixel + 3] = opacity * 255
  }
}
