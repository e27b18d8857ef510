/** What the pages tell the map, and what the map tells them. `dashboard/scene.py` is the sender. */

export type Role = "color" | "other" | "wild type" | "not profiled"

export type Shape =
  | "circle"
  | "diamond"
  | "square"
  | "triangle-up"
  | "cross"
  | "x"
  | "triangle-down"
  | "star"

export interface Entry {
  name: string
  count: number
  color: string
  role: Role
  shape: Shape
}

export interface NumberScale {
  /** 256 colors from the lowest to the highest value. */
  colors: string[]
  ticks: { at: number; text: string }[]
  unit: string
  /** Number of tumors without a value. */
  missing: number
}

export interface PanelScene {
  id: string
  title: string
  kind: "categories" | "numbers"
  column: string
  entries: Entry[]
  scale: NumberScale | null
  note: string
  sentence: string
}

export type OverlayRole = "tumor" | "before" | "after" | "neighbor" | "found"

export interface OverlayPoint {
  x: number
  y: number
  label: string
  role: OverlayRole
  color: string
  row: number | null
}

export interface OverlayLine {
  from: [number, number]
  to: [number, number]
}

export interface RegionLabel {
  x: number
  y: number
  text: string
}

export interface Theme {
  dark: boolean
  ink: string
  paper: string
  faint: string
  accent: string
}

/** Left, right, bottom and top edge in map coordinates. */
export type View = [number, number, number, number]

export interface Scene {
  geometry: string
  num: number
  panels: PanelScene[]
  filter: string | null
  hover: string
  overlay: { points: OverlayPoint[]; lines: OverlayLine[] }
  labels: RegionLabel[]
  selection: { version: number; mask: string | null }
  view: View | null
  picture: string
  table: string
  theme: Theme
  caption: string
  tools: boolean
  narrow: boolean
}

export interface HoverCard {
  title: string
  lines: [string, string][]
}

export interface TableData {
  sentence: string
  columns: string[]
  rows: (string | number | null)[][]
  note?: string
}

/** Told back as the state `selection`; null once the reader has cleared it. */
export interface SelectionReport {
  version: number
  count: number
  mask: string
  polygon: [number, number][]
}

export type Report = {
  selection: SelectionReport | null
  view: View
  hidden: Record<string, string[]>
  open: number
}
