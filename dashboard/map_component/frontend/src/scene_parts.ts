/** Everything a scene needs from the server. */
import { unpackBits } from "./bitmask.ts"
import type { Scene } from "./contract.ts"
import { loadBytes } from "./loading.ts"

export interface Parts {
  /** One byte a tumor, or null for all. */
  filter: Uint8Array | null
  /** The selection made by the server; null for none. */
  mask: Uint8Array | null
  /** Codes of each panel. */
  columns: Uint8Array[]
}

/** Fetches columns and sets; what was fetched before is there at once. */
export async function loadParts(scene: Scene, withSelection: boolean): Promise<Parts> {
  const rows = async (url: string | null) =>
    url === null ? null : unpackBits(await loadBytes(url), scene.num)
  const [filter, mask, columns] = await Promise.all([
    rows(scene.filter),
    withSelection ? rows(scene.selection.mask) : null,
    Promise.all(scene.panels.map(({ column }) => loadBytes(column))),
  ])
  return { filter, mask, columns }
}

/** Names what the drawing order of the points depends on. */
export function orderOf(scene: Scene): string {
  const panels = scene.panels.map(({ column, kind, entries }) => [
    column, kind, entries.map(({ role, count }) => [role, count]),
  ])
  return JSON.stringify([scene.geometry, scene.filter, panels])
}
