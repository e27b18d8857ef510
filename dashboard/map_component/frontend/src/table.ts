/** The tumors as a table: for screen readers, and for browsers that cannot draw the map. */
import type { TableData } from "./contract.ts"
import { make } from "./dom.ts"
import { count } from "./format.ts"

/** Makes the table with its sentence. */
export function tableOf({ sentence, columns, rows, note }: TableData): HTMLElement {
  const head = columns.map((name) => make("th", { scope: "col" }, name))
  const body = rows.map((cells) => make("tr", {}, ...cells.map(cellOf)))
  const table = make(
    "table",
    {},
    make("caption", {}, sentence),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...body),
  )
  const parts: Node[] = [table]
  if (note) parts.push(make("p", { class: "table-note" }, note))
  // It scrolls, so it must be reachable by keyboard.
  return make(
    "div",
    { class: "table-frame", role: "region", "aria-label": "Tumors as a table", tabindex: 0 },
    ...parts,
  )
}

function cellOf(value: string | number | null, at: number): HTMLElement {
  const text = typeof value === "number" && Number.isInteger(value) ? count(value) : value
  const numeric = typeof value === "number"
  return at === 0
    ? make("th", { scope: "row" }, String(text ?? ""))
    : make("td", numeric ? { class: "numeric" } : {}, String(text ?? ""))
}
