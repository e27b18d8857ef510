/** The sheet that lists the keys. */
import { make } from "./dom.ts"

export const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["Move", [
    ["Arrows", "Move the map"],
    ["+ and −", "Enlarge, reduce"],
    ["0", "Whole map"],
    ["P", "Pan: drag to move"],
  ]],
  ["Select", [
    ["L", "Lasso: draw around tumors"],
    ["B", "Box: drag a box around tumors"],
    ["S", "Select the tumors in view"],
    ["Shift, Alt", "While selecting: add, remove"],
    ["Esc", "Cancel, clear the selection"],
  ]],
  ["Look closer", [
    ["N", "Point at the tumor in the middle"],
    [", and .", "Previous, next tumor around it"],
    ["Enter", "Open the tumor pointed at"],
    ["D", "Lines of equal density"],
    ["T", "Names of regions"],
    ["A", "Show as table"],
    ["?", "This sheet"],
  ]],
  ["Legend", [
    ["Space", "Hide or show the entry"],
    ["Shift+Enter", "Show only this entry"],
  ]],
]

/** Opens the sheet as a dialog within `root`; the focus returns to where it was. */
export function showKeys(root: HTMLElement): void {
  root.querySelector("dialog.keys")?.remove()
  const close = make("button", { type: "button", class: "close" }, "Close")
  const dialog = make(
    "dialog",
    { class: "keys", "aria-label": "Keys of the map" },
    make("h2", {}, "Keys of the map"),
    make("div", { class: "key-groups" }, ...KEYS.map(([title, keys]) => groupOf(title, keys))),
    close,
  )
  close.addEventListener("click", () => dialog.close())
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  dialog.addEventListener("keydown", (event) => event.stopPropagation())
  dialog.addEventListener("close", () => dialog.remove())
  root.append(dialog)
  dialog.showModal()
}

export function groupOf(title: string, keys: readonly (readonly [string, string])[]): HTMLElement {
  const list = keys.flatMap(([key, meaning]) => [
    make("dt", {}, make("kbd", {}, key)),
    make("dd", {}, meaning),
  ])
  return make("section", {}, make("h3", {}, title), make("dl", {}, ...list))
}
