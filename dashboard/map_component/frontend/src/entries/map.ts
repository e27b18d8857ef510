import type { FrontendRenderer } from "@streamlit/component-v2-lib"

const draw: FrontendRenderer = ({ parentElement, data }) => {
  const found = parentElement.querySelector("[data-testid='tumorxy-map']")
  const root = found ?? parentElement.appendChild(document.createElement("div"))
  root.setAttribute("data-testid", "tumorxy-map")
  root.textContent = `Map of ${(data as { num: number }).num} tumors`
}

export default draw
