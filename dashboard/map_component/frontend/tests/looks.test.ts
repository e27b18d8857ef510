import assert from "node:assert/strict"
import { test } from "node:test"
import {
  buildTable, classify, codesOf, findEligible, MISSING, MISSING_NAME, sortByRank, STATES,
} from "../src/classes.ts"
import type { PanelScene } from "../src/contract.ts"
import { chooseLevels, contourPaths, countCells, GRID, traceLevel } from "../src/density.ts"
import { count, tumors } from "../src/format.ts"
import type { Geometry } from "../src/geometry.ts"
import { chooseArrangement } from "../src/grid.ts"
import { overlap, placeLabels, type Wanted } from "../src/placement.ts"
import { crowdFade, pointSize } from "../src/sizes.ts"

const GROUND = { grey: "#888888", faint: "#CCCCCC", paper: "#FFFFFF" }
const GENE: PanelScene = {
  id: "a",
  title: "KRAS",
  kind: "categories",
  column: "/column/kras",
  entries: [
    { name: "missense", count: 5, color: "#009E73", role: "color", shape: "circle" },
    { name: "wild type", count: 90, color: "#6E8296", role: "wild type", shape: "circle" },
    { name: "not profiled", count: 30, color: "#969BA0", role: "not profiled", shape: "circle" },
    { name: "fusion", count: 50, color: "#CC79A7", role: "color", shape: "square" },
  ],
  scale: null,
  note: "",
  sentence: "",
}
const NUMBERS: PanelScene = {
  ...GENE,
  kind: "numbers",
  entries: [],
  scale: { colors: Array(256).fill("#123456"), ticks: [], unit: "", missing: 1 },
}

test("alterations lie above wild type, not profiled lowest, small groups above large ones", () => {
  const { ranks } = buildTable(GENE, new Set(), GROUND, 1)
  const classes = classify(Uint8Array.from([0, 1, 2, 3]), 4, null, null)
  const base = Uint32Array.from([0, 1, 2, 3])
  assert.deepEqual([...sortByRank(classes, ranks, base)], [2, 1, 3, 0])
})

test("what is filtered out lies lowest, then what is not selected", () => {
  const { ranks } = buildTable(GENE, new Set(), GROUND, 1)
  const filter = Uint8Array.from([0, 1, 1])
  const selected = Uint8Array.from([1, 0, 1])
  const classes = classify(Uint8Array.from([0, 0, 2]), 4, filter, selected)
  assert.deepEqual([...classes], [8, 4, 2])
  assert.deepEqual([...sortByRank(classes, ranks, Uint32Array.from([2, 1, 0]))], [0, 1, 2])
})

test("a hidden entry has no opacity in any state, and cannot be selected", () => {
  const hidden = new Set(["wild type"])
  const { colors } = buildTable(GENE, hidden, GROUND, 1)
  assert.deepEqual(colors.map(([, , , alpha]) => alpha > 0), [
    true, false, true, true, true, false, true, true, true, false, true, true,
  ])
  const codes = codesOf(GENE, hidden)
  assert.deepEqual([...findEligible(Uint8Array.from([0, 1, 3]), null, codes)!], [1, 0, 1])
  assert.equal(findEligible(Uint8Array.from([0]), null, new Set()), null)
})

test("what steps back is paler, whatever the background", () => {
  for (const paper of ["#FFFFFF", "#000000"]) {
    const { colors } = buildTable(GENE, new Set(), { ...GROUND, grey: "#808080", paper }, 1)
    const ground = paper === "#FFFFFF" ? 1 : 0
    const distance = (at: number) => Math.abs(colors[at]![0] - ground)
    assert.ok(distance(7) < distance(3) / 2 && distance(11) < distance(3))
  }
})

test("the highest numbers are on top, those without a value lowest", () => {
  const table = buildTable(NUMBERS, new Set(), GROUND, 1)
  assert.equal(table.colors.length, 256 * STATES)
  const classes = classify(Uint8Array.from([254, MISSING, 3]), 256, null, null)
  assert.deepEqual([...sortByRank(classes, table.ranks, Uint32Array.from([0, 1, 2]))], [1, 2, 0])
  assert.deepEqual([...codesOf(NUMBERS, new Set([MISSING_NAME]))], [MISSING])
})

test("points are small in crowds and grow when zooming in", () => {
  assert.deepEqual([1_000, 8_000, 300_000].map((num) => pointSize(num, 1, 700_000)), [8, 6, 2])
  assert.ok(pointSize(300_000, 16, 700_000) > 5)
  assert.ok(crowdFade(300_000, 1) < crowdFade(300_000, 30))
  assert.equal(crowdFade(3_000, 1), 1)
})

test("labels never overlap and never leave the frame", () => {
  const frame = { width: 300, height: 200 }
  const wanted = Array.from({ length: 40 }, (_, at): Wanted => ({
    anchor: { x: (at * 37) % 300, y: (at * 53) % 200 },
    width: 80,
    height: 20,
    gap: 6,
    centered: true,
    required: false,
  }))
  const placed = placeLabels(wanted, frame).filter((box) => box !== null)
  assert.ok(placed.length >= 8)
  for (const [at, box] of placed.entries()) {
    assert.ok(box.left >= 0 && box.top >= 0 && box.right <= 300 && box.bottom <= 200)
    for (const other of placed.slice(at + 1)) assert.ok(!overlap(box, other))
  }
})

test("the patient's label stands even where there is no room, but not where it is out of sight", () => {
  const label: Wanted = {
    anchor: { x: 299, y: 1 }, width: 90, height: 20, gap: 6, centered: false, required: true,
  }
  const full = [{ left: 0, top: 0, right: 300, bottom: 200 }]
  const [box] = placeLabels([label], { width: 300, height: 200 }, full)
  assert.ok(box && box.right <= 300 && box.top >= 0)
  const away = { ...label, anchor: { x: 400, y: 1 } }
  assert.deepEqual(placeLabels([away], { width: 300, height: 200 }), [null])
})

test("lines of equal density enclose the crowd", () => {
  const num = 5_000
  const spread = (row: number, step: number) => 32_768 + 6_000 * Math.sin(row * step) * Math.cos(row)
  const geometry: Geometry = {
    num, xmin: 0, ymin: 0, xstep: 1 / 65_535, ystep: 1 / 65_535,
    x: Uint16Array.from({ length: num }, (_, row) => spread(row, 12.9)),
    y: Uint16Array.from({ length: num }, (_, row) => spread(row, 7.7)),
  }
  const cells = countCells(geometry, null)
  assert.ok(Math.abs(cells.reduce((sum, value) => sum + value, 0) - num) < 1)
  const levels = chooseLevels(cells)
  assert.ok(levels.length >= 3 && levels.every((level, at) => at === 0 || level > levels[at - 1]!))
  const segments = traceLevel(cells, levels[0]!)
  const xs = segments.filter((_, at) => at % 2 === 0)
  assert.ok(Math.min(...xs) > GRID * 0.3 && Math.max(...xs) < GRID * 0.7)
  assert.match(contourPaths(geometry, null)[0]!, /^M0\.\d+ -0\.\d+L0\.\d+ -0\.\d+/)
  assert.deepEqual(contourPaths(geometry, new Uint8Array(num)), [])
})

test("every line of equal density is closed", () => {
  const cells = new Float32Array(GRID * GRID)
  for (let at = 0; at < cells.length; at++) {
    const [x, y] = [at % GRID, Math.floor(at / GRID)]
    cells[at] = Math.max(0, 40 - Math.hypot(x - 80, y - 80)) + Math.max(0, 25 - Math.hypot(x - 110, y - 60))
  }
  const ends = new Map<string, number>()
  const segments = traceLevel(cells, 10.3)
  for (let at = 0; at < segments.length; at += 2) {
    const end = `${segments[at]!.toFixed(4)},${segments[at + 1]!.toFixed(4)}`
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  assert.ok(ends.size > 50)
  assert.ok([...ends.values()].every((met) => met === 2))
})

test("panels are arranged so that the map becomes largest", () => {
  assert.deepEqual(chooseArrangement(1, { width: 1_400, height: 800 }), { columns: 1, rows: 1, legend: "beside" })
  assert.deepEqual(chooseArrangement(2, { width: 1_880, height: 980 }), { columns: 2, rows: 1, legend: "below" })
  assert.deepEqual(chooseArrangement(4, { width: 1_400, height: 800 }), { columns: 2, rows: 2, legend: "beside" })
  assert.deepEqual(chooseArrangement(1, { width: 480, height: 500 }), { columns: 1, rows: 1, legend: "below" })
})

test("counts have separators and nouns", () => {
  assert.equal(count(1_234_567), "1,234,567")
  assert.deepEqual([tumors(1), tumors(54_331)], ["1 tumor", "54,331 tumors"])
})
