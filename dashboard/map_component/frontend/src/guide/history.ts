/** Makes one step back from a page lead to the page before as it was left. */

type Push = History["pushState"]

/** How long a page that is left may take to be followed by the next one. */
const PATIENCE_MS = 3000

/**
 * Before Streamlit writes the address of the next page, it writes that page's parameters, or none,
 * behind the path of the page that is left, and a step back would lead there. That address is given
 * its parameters back.
 *
 * @returns What ends it.
 */
export function keepSteps(): () => void {
  const push: Push = history.pushState.bind(history)
  let left: { from: URL; at: number } | null = null

  history.pushState = (state, unused, url) => {
    const here = new URL(location.href)
    const next = new URL(url ?? "", here)
    const recent = left !== null && performance.now() - left.at < PATIENCE_MS ? left : null
    if (next.pathname !== here.pathname) {
      if (recent !== null && isLeaving(recent.from, here, next)) {
        history.replaceState(history.state, "", recent.from)
      }
      left = null
    } else if (recent === null || !onlyLoses(recent.from, next)) {
      left = { from: here, at: performance.now() }
    }
    push(state, unused, url)
  }
  return () => {
    history.pushState = push
  }
}

/** Tell whether `here` was written only because a page, seen at `from`, is left for `next`. */
export function isLeaving(from: URL, here: URL, next: URL): boolean {
  return onlyLoses(from, here) || here.search === next.search
}

/** Tell whether an address is that of the same page with fewer parameters. */
export function onlyLoses(before: URL, after: URL): boolean {
  const old = [...before.searchParams].map(String)
  const kept = [...after.searchParams].map(String)
  const isSamePage = before.pathname === after.pathname
  return isSamePage && kept.length < old.length && kept.every((pair) => old.includes(pair))
}
