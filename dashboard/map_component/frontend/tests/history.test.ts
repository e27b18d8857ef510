import assert from "node:assert/strict"
import { test } from "node:test"
import { onlyLoses } from "../src/guide/history.ts"

const at = (path: string): URL => new URL(path, "http://localhost")

test("an address that only lost parameters is told from a new one", () => {
  assert.ok(onlyLoses(at("/?by=Gene&gene=KRAS&selection=1"), at("/?selection=1")))
  assert.ok(onlyLoses(at("/?by=Gene"), at("/")))
  assert.ok(!onlyLoses(at("/?by=Gene"), at("/?by=Gene")))
  assert.ok(!onlyLoses(at("/?by=Gene&gene=KRAS"), at("/?by=Number")))
  assert.ok(!onlyLoses(at("/"), at("/?by=Gene")))
  assert.ok(!onlyLoses(at("/?by=Gene"), at("/compare")))
})
