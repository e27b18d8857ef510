/**
 * From what a tumor is to how it is drawn.
 *
 * A class is a code of the column in one of three states. All tumors of a class look alike and are
 * drawn one after another, so that grey context never hides a colored point.
 */
import type { Entry, PanelScene, Role } from "./contract.ts"

/** States: in the foreground; not selected while others are; outside of the filter. */
export const STATES = 3
const NORMAL = 0
const DIMMED = 1
const CONTEXT = 2

/** Codes of a column of numbers; the last stands for "not given". */
export const NUMBER_CODES = 256
export const MISSING = 255
export const MISSING_NAME = "not given"

export type Rgba = [number, number, number, number]

/** What lies behind the points, and the greys of context and of tumors without a value. */
export interface Ground {
  grey: string
  faint: string
  paper: string
}

export interface ClassTable {
  /** Codes of a column; class = state * num + code. */
  num: number
  colors: Rgba[]
  /** Diameter relative to the usual one. */
  sizes: number[]
  /** Place of each class in the order of drawing, from back to front. */
  ranks: Uint16Array
}

const OPACITY: Record<Role, number> = {
  color: 0.85,
  other: 0.45,
  "wild type": 0.55,
  "not profiled": 0.16,
}
const ROLE_RANK: Record<Role, number> = { "not profiled": 0, other: 1, "wild type": 2, color: 3 }
/** Share of the paper in the color of what steps back: many faint points on one spot stay pale. */
const DIMMED_PAPER = 0.7
const CONTEXT_PAPER = 0.78
const DIMMED_OPACITY = 0.5
const CONTEXT_OPACITY = 0.45
const MISSING_OPACITY = 0.6
const GREY_SIZE = 0.85

/** Number of different codes in a panel's column. */
export function numCodes(panel: PanelScene): number {
  return panel.kind === "numbers" ? NUMBER_CODES : Math.max(1, panel.entries.length)
}

/**
 * Decides how each class looks.
 *
 * @param hidden Names of entries the reader has switched off.
 * @param fade Opacity factor for crowded maps.
 */
export function buildTable(
  panel: PanelScene,
  hidden: ReadonlySet<string>,
  ground: Ground,
  fade: number,
): ClassTable {
  const looks = panel.kind === "numbers" ? numberLooks(panel, ground.faint) : categoryLooks(panel)
  const colors: Rgba[] = []
  const sizes: number[] = []
  for (let state = 0; state < STATES; state++) {
    for (const look of looks) {
      const [red, green, blue, alpha] = colorIn(state, look, ground)
      colors.push([red, green, blue, hidden.has(look.name) ? 0 : alpha * fade])
      sizes.push(state === CONTEXT ? GREY_SIZE : look.size)
    }
  }
  return { num: looks.length, colors, sizes, ranks: rankClasses(looks) }
}

function colorIn(state: number, look: Look, { grey, paper }: Ground): Rgba {
  const [red, green, blue] = parseColor(look.color)
  if (state === NORMAL) return [red, green, blue, look.opacity]
  const ground = parseColor(paper)
  if (state === CONTEXT) return blend(parseColor(grey), ground, CONTEXT_PAPER, CONTEXT_OPACITY)
  const opacity = Math.min(look.opacity, DIMMED_OPACITY)
  return blend([red, green, blue, 1], ground, DIMMED_PAPER, opacity)
}

function blend(one: Rgba, other: Rgba, share: number, opacity: number): Rgba {
  const mixed = one.map((part, at) => part * (1 - share) + other[at]! * share)
  return [mixed[0]!, mixed[1]!, mixed[2]!, opacity]
}

interface Look {
  name: string
  color: string
  opacity: number
  size: number
  rank: number
}

function categoryLooks(panel: PanelScene): Look[] {
  if (panel.entries.length === 0) return [plainLook()]
  return panel.entries.map((entry) => ({
    name: entry.name,
    color: entry.color,
    opacity: OPACITY[entry.role],
    size: entry.role === "color" ? 1 : GREY_SIZE,
    // Within a role the largest group lies at the back.
    rank: ROLE_RANK[entry.role] + 1 / (2 + entry.count),
  }))
}

function plainLook(): Look {
  return { name: "", color: "#808C98", opacity: OPACITY.other, size: 1, rank: 0 }
}

function numberLooks(panel: PanelScene, faint: string): Look[] {
  const colors = panel.scale?.colors ?? []
  return Array.from({ length: NUMBER_CODES }, (_, code) =>
    code === MISSING
      ? { ...plainLook(), name: MISSING_NAME, color: faint, opacity: MISSING_OPACITY, size: GREY_SIZE }
      : {
          name: "",
          color: colors[Math.min(colors.length - 1, code)] ?? faint,
          opacity: OPACITY.color,
          size: 1,
          rank: 1 + code / NUMBER_CODES,
        },
  )
}

function rankClasses(looks: Look[]): Uint16Array {
  const order = [CONTEXT, DIMMED, NORMAL].flatMap((state) =>
    looks
      .map((look, code) => ({ rank: look.rank, at: state * looks.length + code }))
      .sort((one, other) => one.rank - other.rank || one.at - other.at),
  )
  const ranks = new Uint16Array(order.length)
  order.forEach(({ at }, place) => (ranks[at] = place))
  return ranks
}

/** Classes of all tumors, (N,): state * number of codes + code. */
export function classify(
  column: Uint8Array,
  codes: number,
  filter: Uint8Array | null,
  selected: Uint8Array | null,
): Uint16Array {
  const classes = new Uint16Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const code = Math.min(column[row]!, codes - 1)
    if (filter !== null && !filter[row]) classes[row] = CONTEXT * codes + code
    else if (selected !== null && !selected[row]) classes[row] = DIMMED * codes + code
    else classes[row] = code
  }
  return classes
}

/**
 * Rows from back to front, (N,): a counting sort by the rank of the class, stable.
 *
 * @param base All rows in an order that keeps neighbors together: without a graphics card, points
 *   drawn in such an order take half the time of points drawn here and there.
 */
export function sortByRank(
  classes: Uint16Array,
  ranks: Uint16Array,
  base: Uint32Array,
): Uint32Array {
  const start = new Uint32Array(ranks.length + 1)
  for (let row = 0; row < classes.length; row++) start[ranks[classes[row]!]! + 1]!++
  for (let rank = 0; rank < ranks.length; rank++) start[rank + 1]! += start[rank]!
  const order = new Uint32Array(classes.length)
  for (const row of base) order[start[ranks[classes[row]!]!]!++] = row
  return order
}

/** One byte a tumor: 1 for those in the foreground whose entry is shown. */
export function findEligible(
  column: Uint8Array,
  filter: Uint8Array | null,
  hiddenCodes: ReadonlySet<number>,
): Uint8Array | null {
  if (filter === null && hiddenCodes.size === 0) return null
  const eligible = new Uint8Array(column.length)
  for (let row = 0; row < column.length; row++) {
    eligible[row] = (filter === null || filter[row]) && !hiddenCodes.has(column[row]!) ? 1 : 0
  }
  return eligible
}

/** Codes of the entries with these names. */
export function codesOf(panel: PanelScene, hidden: ReadonlySet<string>): Set<number> {
  if (panel.kind === "numbers") return new Set(hidden.has(MISSING_NAME) ? [MISSING] : [])
  const codes = panel.entries.map((entry: Entry, code) => (hidden.has(entry.name) ? code : -1))
  return new Set(codes.filter((code) => code >= 0))
}

/** Reads `#RRGGBB` as shares of one. */
export function parseColor(color: string): Rgba {
  const value = Number.parseInt(color.slice(1, 7), 16)
  if (!/^#[0-9a-fA-F]{6}/.test(color)) return [0.5, 0.55, 0.6, 1]
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255, 1]
}
