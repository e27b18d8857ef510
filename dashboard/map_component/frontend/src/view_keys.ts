/** Which key does what. */
import type { Action } from "./toolbar.ts"

export type Deed =
  | { do: "act"; action: Action }
  | { do: "move"; right: number; down: number }
  | { do: "cancel" }
  | { do: "select view" }
  | { do: "point" }
  | { do: "step"; by: number }
  | { do: "open" }

const STEP = 60

const ANYWHERE: Record<string, Deed> = {
  "+": { do: "act", action: "zoom in" },
  "=": { do: "act", action: "zoom in" },
  "-": { do: "act", action: "zoom out" },
  "0": { do: "act", action: "whole map" },
  p: { do: "act", action: "pan" },
  l: { do: "act", action: "lasso" },
  b: { do: "act", action: "box" },
  d: { do: "act", action: "density" },
  t: { do: "act", action: "labels" },
  a: { do: "act", action: "table" },
  s: { do: "select view" },
  "?": { do: "act", action: "keys" },
  Escape: { do: "cancel" },
  n: { do: "point" },
  ",": { do: "step", by: -1 },
  ".": { do: "step", by: 1 },
}

/** Only while the map itself has the focus: elsewhere these keys walk and press buttons. */
const ON_STAGE: Record<string, Deed> = {
  ArrowLeft: { do: "move", right: STEP, down: 0 },
  ArrowRight: { do: "move", right: -STEP, down: 0 },
  ArrowUp: { do: "move", right: 0, down: STEP },
  ArrowDown: { do: "move", right: 0, down: -STEP },
  Enter: { do: "open" },
}

/** What a key asks for; null when it is not one of the map's. */
export function deedOf(event: KeyboardEvent, onStage: boolean): Deed | null {
  if (event.ctrlKey || event.metaKey) return null
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return ANYWHERE[name] ?? (onStage ? (ON_STAGE[name] ?? null) : null)
}
