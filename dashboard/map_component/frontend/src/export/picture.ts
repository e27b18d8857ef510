/** One picture of a figure: its title above, the caption below, on white paper. */

import type { FigureToSave } from "./contract.ts"
import { loadPlotly } from "./plotly.ts"
import { escapeXml, wrap } from "./wrap.ts"

/** DejaVu Sans is drawn by the server for PDF; Verdana has the same widths where it is missing. */
const FONT = "'DejaVu Sans', Verdana, sans-serif"
const MARGIN = 24
const TITLE = { size: 17, line: 24 }
const CAPTION = { size: 10.5, line: 15 }
const HEIGHT_WITHOUT_ANY = 520
const INK = "#17212B"
const GREY = "#4D5B69"

/** Points beyond which a scatter stays a picture within the picture: as shapes it would not open. */
const MOST_SHAPES = 20_000
const CHARACTERS_PER_DOUBLE = 32 / 3
const PIXELS_PER_UNIT = 3

export interface Picture {
  readonly svg: string
  readonly width: number
  readonly height: number
}

export async function drawPicture(asked: FigureToSave): Promise<Picture> {
  const plotly = await loadPlotly()
  const figure = asShapes(JSON.parse(asked.figure) as PlotlyFigure)
  const width = asked.width - 2 * MARGIN
  const height = figure.layout.height ?? HEIGHT_WITHOUT_ANY
  const layout = { ...figure.layout, width, height, autosize: false }
  const drawn = await plotly.toImage(
    { data: figure.data, layout },
    { format: "svg", width, height, imageDataOnly: true },
  )
  return compose(asked, drawn, width, height)
}

interface PlotlyFigure {
  readonly data: readonly { readonly type?: string; readonly x?: unknown }[]
  readonly layout: { readonly height?: number }
}

function asShapes(figure: PlotlyFigure): PlotlyFigure {
  const data = figure.data.map((trace) =>
    trace.type === "scattergl" && lengthOf(trace.x) <= MOST_SHAPES
      ? { ...trace, type: "scatter" }
      : trace,
  )
  return { ...figure, data }
}

function lengthOf(values: unknown): number {
  if (Array.isArray(values)) return values.length
  const packed = values as { bdata?: string } | null | undefined
  return Math.floor((packed?.bdata?.length ?? 0) / CHARACTERS_PER_DOUBLE)
}

function compose(asked: FigureToSave, drawn: string, width: number, height: number): Picture {
  const title = wrap(asked.title, width, ruler(`bold ${TITLE.size}px ${FONT}`))
  const caption = asked.caption.flatMap((line) =>
    wrap(line, width, ruler(`${CAPTION.size}px ${FONT}`)),
  )
  const top = MARGIN + title.length * TITLE.line + 6
  const below = top + height + 14
  const total = below + caption.length * CAPTION.line + MARGIN
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`,
    ` width="${asked.width}" height="${total}" viewBox="0 0 ${asked.width} ${total}"`,
    ` font-family="${FONT}">`,
    `<title>${escapeXml(asked.title)}</title><desc>${escapeXml(asked.caption.join("\n"))}</desc>`,
    `<rect width="${asked.width}" height="${total}" fill="#FFFFFF"/>`,
    texts(title, MARGIN, TITLE, `font-weight="bold" fill="${INK}"`),
    placed(drawn, MARGIN, top),
    texts(caption, below, CAPTION, `fill="${GREY}"`),
    "</svg>",
  ].join("")
  return { svg, width: asked.width, height: total }
}

function texts(
  lines: readonly string[],
  top: number,
  look: { size: number; line: number },
  attributes: string,
): string {
  return lines
    .map((line, row) => {
      const base = top + row * look.line + look.size
      return `<text x="${MARGIN}" y="${base}" font-size="${look.size}" ${attributes}>${escapeXml(line)}</text>`
    })
    .join("")
}

/** Move Plotly's own document to its place within another one. */
function placed(drawn: string, left: number, top: number): string {
  const inner = new DOMParser().parseFromString(drawn, "image/svg+xml").documentElement
  inner.setAttribute("x", String(left))
  inner.setAttribute("y", String(top))
  return new XMLSerializer().serializeToString(inner)
}

function ruler(font: string): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d")
  if (context === null) return (text) => 7 * text.length
  context.font = font
  return (text) => context.measureText(text).width
}

/** Draw a picture as points, three to a unit: 290 to the inch on half a page. */
export async function rasterize(picture: Picture): Promise<Blob> {
  const image = new Image()
  const address = URL.createObjectURL(new Blob([picture.svg], { type: "image/svg+xml" }))
  try {
    image.src = address
    await image.decode()
    const canvas = document.createElement("canvas")
    canvas.width = PIXELS_PER_UNIT * picture.width
    canvas.height = PIXELS_PER_UNIT * picture.height
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise((resolve, reject) =>
      canvas.toBlob((found) =>
        found ? resolve(found) : reject(new Error("The browser could not draw the picture.")),
      ),
    )
  } finally {
    URL.revokeObjectURL(address)
  }
}
