/** What the frame of the pages tells the guide: the help sheet and the tour. */

export interface Step {
  readonly title: string
  readonly text: string
  /** Selector of what the step is about; where the page has none, nothing is ringed. */
  readonly anchor: string
}

export interface GuideData {
  readonly steps: readonly Step[]
  /** Keys of the pages by group, besides those of the map: key, what it does. */
  readonly keys: readonly (readonly [string, readonly (readonly [string, string])[]])[]
  /** Terms in alphabetical order: term, meaning. */
  readonly terms: readonly (readonly [string, string])[]
  readonly notice: string
}
