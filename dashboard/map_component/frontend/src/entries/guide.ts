import type { FrontendRenderer, FrontendState } from "@streamlit/component-v2-lib"
import type { GuideData } from "../guide/contract.ts"
import { mountGuide } from "../guide/guide.ts"

/** The renderer runs again whenever a page does: what stands already is left as it is. */
const mounted = new WeakMap<HTMLElement | ShadowRoot, () => void>()

const guide: FrontendRenderer<FrontendState, GuideData> = ({ data, parentElement }) => {
  if (!mounted.has(parentElement)) mounted.set(parentElement, mountGuide(parentElement, data))
  return () => {
    mounted.get(parentElement)?.()
    mounted.delete(parentElement)
  }
}

export default guide
