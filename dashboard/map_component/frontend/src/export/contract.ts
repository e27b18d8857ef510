/** What a page tells the export of one figure, and what it is told back. */

import type { FrontendState } from "@streamlit/component-v2-lib"

export interface FigureToSave {
  /** The figure as Plotly's JSON, drawn for white paper. */
  readonly figure: string
  readonly title: string
  /** Name of the files, without ending. */
  readonly file: string
  /** Lines below the figure: studies, n, model, layout, date, research use only. */
  readonly caption: readonly string[]
  /** Pixels of the whole picture; its height follows from the figure. */
  readonly width: number
  /** The data of the figure, null where there are none beyond what it shows. */
  readonly csv: string | null
  /** The PDF that was asked for last, as base64, with the number of the request. */
  readonly pdf: { readonly request: number; readonly content: string } | null
  /** Why the PDF that was asked for last could not be made. */
  readonly problem: { readonly request: number; readonly text: string } | null
}

export interface ExportState extends FrontendState {
  /** Asks the page to turn a picture into a PDF. */
  pdf: { readonly request: number; readonly svg: string }
}

/** The least that is used of Plotly's own module. */
export interface Plotly {
  toImage(figure: object, options: object): Promise<string>
}
