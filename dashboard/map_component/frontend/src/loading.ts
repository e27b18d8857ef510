/** Fetches from the page's own server. What was fetched once in a page is never fetched again. */
import { parseGeometry, type Geometry } from "./geometry.ts"
import type { HoverCard, TableData } from "./contract.ts"

const MOST_BUFFERS = 24
const MOST_GEOMETRIES = 3
const MOST_CARDS = 500
const RETRIES = 2
const RETRY_MS = 400

/** Raised when the server did not give a part of the map. */
export class LoadError extends Error {}

/** Keeps the values used last, up to a number. */
export class Recent<Value> {
  private readonly values = new Map<string, Value>()
  constructor(private readonly most: number) {}

  get(key: string, create: () => Value): Value {
    const value = this.values.get(key) ?? create()
    this.values.delete(key)
    this.values.set(key, value)
    for (const oldest of this.values.keys()) {
      if (this.values.size <= this.most) break
      this.values.delete(oldest)
    }
    return value
  }

  drop(key: string): void {
    this.values.delete(key)
  }
}

const buffers = new Recent<Promise<Uint8Array>>(MOST_BUFFERS)
const geometries = new Recent<Promise<Geometry>>(MOST_GEOMETRIES)
const cards = new Recent<Promise<HoverCard>>(MOST_CARDS)
const tables = new Recent<Promise<TableData>>(MOST_GEOMETRIES)

export function loadBytes(url: string): Promise<Uint8Array> {
  return remembered(buffers, url, async (answer) => new Uint8Array(await answer.arrayBuffer()))
}

export function loadGeometry(url: string): Promise<Geometry> {
  return remembered(geometries, url, async (answer) => parseGeometry(await answer.arrayBuffer()))
}

export function loadCard(prefix: string, row: number): Promise<HoverCard> {
  return remembered(cards, `${prefix}${row}`, (answer) => answer.json() as Promise<HoverCard>)
}

export function loadTable(url: string): Promise<TableData> {
  return remembered(tables, url, (answer) => answer.json() as Promise<TableData>)
}

/** A failure is not remembered, so that the next try asks again. */
function remembered<Value>(
  store: Recent<Promise<Value>>,
  url: string,
  read: (answer: Response) => Promise<Value>,
): Promise<Value> {
  return store.get(url, () => {
    const value = fetchPatiently(url).then(read)
    value.catch(() => store.drop(url))
    return value
  })
}

async function fetchPatiently(url: string): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null)
    if (answer?.ok) return answer
    const refused = answer !== null && answer.status < 500
    if (refused || attempt >= RETRIES) {
      throw new LoadError(`The server answered ${answer?.status ?? "nothing"} for a part of the map.`)
    }
    await new Promise((resume) => setTimeout(resume, RETRY_MS * (attempt + 1)))
  }
}
