import assert from "node:assert/strict"
import { test } from "node:test"
import { isLeaving, onlyLoses } from "../src/guide/history.ts"

const at = (path: string): URL => new URL(path, "http://localhost")

test("an address that only lost parameters is told from a new one", () => {
  assert.ok(onlyLoses(at("/?by=Gene&gene=KRAS&selection=1"), at("/?selection=1")))
  assert.ok(onlyLoses(at("/?by=Gene"), at("/")))
  assert.ok(!onlyLoses(at("/?by=Gene"), at("/?by=Gene")))
  assert.ok(!onlyLoses(at("/?by=Gene&gene=KRAS"), at("/?by=Number")))
  assert.ok(!onlyLoses(at("/"), at("/?by=Gene")))
  assert.ok(!onlyLoses(at("/?by=Gene"), at("/compare")))
})

test("the address written while a page is left is told from a view of that page", () => {
  const from = at("/?by=Gene&gene=KRAS")
  assert.ok(isLeaving(from, at("/"), at("/patient")))
  assert.ok(isLeaving(from, at("/?sample=a/b"), at("/patient?sample=a/b")))
  assert.ok(!isLeaving(from, at("/?by=Number"), at("/patient")))
})
