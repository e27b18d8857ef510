// Bundles the tests and gives them to Node's own test runner.
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const HERE = path.dirname(fileURLToPath(import.meta.url))
const folder = await mkdtemp(path.join(tmpdir(), "tumorxy-map-"))
try {
  const tests = (await readdir(path.join(HERE, "tests"))).filter((file) => file.endsWith(".ts"))
  await build({
    absWorkingDir: HERE,
    entryPoints: tests.map((file) => `tests/${file}`),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    loader: { ".css": "text" },
    logLevel: "warning",
  })
  const files = tests.map((file) => path.join(folder, file.replace(/\.ts$/, ".mjs")))
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1
} finally {
  await rm(folder, { recursive: true })
}
