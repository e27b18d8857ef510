/** Makes one step back from a page lead to the page before as it was left. */

type Push = History["pushState"]

/** How long a page that was left may take to be followed by the next one. */
const PATIENCE_MS = 3000

/**
 * Streamlit empties the address of a page before it writes that of the next one, so that a step
 * back would lead to the emptied page. An address that only lost parameters is held back until it
 * is known what follows: another page (then the full address is what is stepped back to), or none
 * (then it is a step of its own).
 *
 * @returns What ends it.
 */
export function keepSteps(): () => void {
  const push: Push = history.pushState.bind(history)
  let held: { full: string; state: unknown; timer: number } | null = null

  const settle = ({ isLeaving }: { isLeaving: boolean }): void => {
    if (held === null) return
    const { full, state, timer } = held
    held = null
    clearTimeout(timer)
    const emptied = location.href
    history.replaceState(state, "", full)
    if (!isLeaving) push(state, "", emptied)
  }
  const forget = (): void => {
    if (held !== null) clearTimeout(held.timer)
    held = null
  }
  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? "", location.href)
    if (held !== null && onlyLoses(new URL(held.full), next)) {
      history.replaceState(state, unused, url)
      return
    }
    settle({ isLeaving: next.pathname !== location.pathname })
    if (!onlyLoses(new URL(location.href), next)) {
      push(state, unused, url)
      return
    }
    const timer = window.setTimeout(() => settle({ isLeaving: false }), PATIENCE_MS)
    held = { full: location.href, state: history.state, timer }
    history.replaceState(state, unused, url)
  }
  addEventListener("popstate", forget, { capture: true })
  return () => {
    forget()
    history.pushState = push
    removeEventListener("popstate", forget, { capture: true })
  }
}

/** Tell whether an address is that of the same page with fewer parameters. */
export function onlyLoses(before: URL, after: URL): boolean {
  const old = [...before.searchParams].map(String)
  const kept = [...after.searchParams].map(String)
  const isSamePage = before.pathname === after.pathname
  return isSamePage && kept.length < old.length && kept.every((pair) => old.includes(pair))
}
