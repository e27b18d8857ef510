import assert from "node:assert/strict"
import { test } from "node:test"
import { combine, countFlags, packBits, toBase64, unpackBits } from "../src/bitmask.ts"
import { Selection } from "../src/selection.ts"

test("bits begin with the lowest, as numpy packs them with bitorder little", () => {
  const flags = Uint8Array.from([1, 0, 0, 1, 0, 0, 0, 0, 0, 1])
  assert.deepEqual([...packBits(flags)], [0b1001, 0b10])
  assert.equal(toBase64(packBits(flags)), "CQI=")
})

test("sets of any size survive packing", () => {
  for (const num of [0, 1, 7, 8, 9, 1_000_003]) {
    const flags = Uint8Array.from({ length: num }, (_, row) => (row * 7919) % 3 === 0 ? 1 : 0)
    assert.deepEqual(unpackBits(packBits(flags), num), flags)
  }
})

test("too few bytes are refused with both numbers", () => {
  assert.throws(() => unpackBits(new Uint8Array(1), 9), /9 rows needs 2 bytes, found 1/)
})

test("sets are replaced, joined and taken away", () => {
  const old = Uint8Array.from([1, 1, 0, 0])
  const found = Uint8Array.from([0, 1, 1, 0])
  assert.deepEqual([...combine(old, found, "replace")], [0, 1, 1, 0])
  assert.deepEqual([...combine(old, found, "add")], [1, 1, 1, 0])
  assert.deepEqual([...combine(old, found, "remove")], [1, 0, 0, 0])
  assert.deepEqual([...combine(null, found, "add")], [0, 1, 1, 0])
  assert.equal(countFlags(combine(null, found, "remove")), 0)
  assert.deepEqual([...old], [1, 1, 0, 0])
})

test("each change of a selection has a larger version, a clearing too", () => {
  const selection = new Selection()
  selection.adopt(4, null)
  const told = selection.change(Uint8Array.from([0, 1]), "replace", [{ x: 1, y: 2 }])
  assert.deepEqual(told, { version: 5, count: 1, mask: "Ag==", polygon: [[1, 2]] })
  assert.deepEqual(selection.clear(), { version: 6, count: 0, mask: "", polygon: [] })
  assert.equal(selection.flags, null)
})

test("a long lasso is told with at most 400 corners", () => {
  const corners = Array.from({ length: 5_000 }, (_, at) => ({ x: at, y: at }))
  const told = new Selection().change(Uint8Array.from([1]), "replace", corners)
  assert.ok(told.polygon.length <= 400 && told.polygon.length > 300)
})
