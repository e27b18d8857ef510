/** The selected tumors, agreed on between the reader and the page. */
import { combine, countFlags, packBits, toBase64, type Change } from "./bitmask.ts"
import type { Scene, SelectionReport } from "./contract.ts"
import type { Point } from "./geometry.ts"

const MOST_CORNERS = 400

export class Selection {
  /** One byte a tumor; null when none is selected. */
  flags: Uint8Array | null = null
  count = 0
  version = 0

  /** Whether the page has selected something since the reader did. */
  isNewer({ selection }: Scene): boolean {
    return selection.version > this.version
  }

  /** Takes over what the page selected. */
  adopt(version: number, flags: Uint8Array | null): void {
    this.version = version
    this.keep(flags)
  }

  /** Changes the selection as the reader wishes; returns what to tell the page. */
  change(found: Uint8Array, change: Change, corners: readonly Point[]): SelectionReport {
    this.keep(combine(this.flags, found, change))
    this.version++
    if (this.flags === null) return this.nothing()
    const thin = Math.max(1, Math.ceil(corners.length / MOST_CORNERS))
    return {
      version: this.version,
      count: this.count,
      mask: toBase64(packBits(this.flags)),
      polygon: corners.filter((_, at) => at % thin === 0).map(({ x, y }) => [x, y]),
    }
  }

  /** Drops tumors of a map that is no longer shown. */
  forget(): void {
    this.keep(null)
  }

  clear(): SelectionReport {
    this.keep(null)
    this.version++
    return this.nothing()
  }

  private nothing(): SelectionReport {
    return { version: this.version, count: 0, mask: "", polygon: [] }
  }

  private keep(flags: Uint8Array | null): void {
    this.count = flags === null ? 0 : countFlags(flags)
    this.flags = this.count > 0 ? flags : null
  }
}
