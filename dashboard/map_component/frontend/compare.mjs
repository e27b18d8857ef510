// Builds into a folder of its own and compares it with the bundle that is served, byte for byte.
import { spawnSync } from "node:child_process"
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"

const HERE = path.dirname(fileURLToPath(import.meta.url))
const SERVED = path.join(HERE, "..", "build")
const folder = await mkdtemp(path.join(tmpdir(), "tumorxy-map-"))
try {
  const { status } = spawnSync(process.execPath, [path.join(HERE, "build.mjs"), folder], { stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
  const names = new Set([...(await readdir(SERVED)), ...(await readdir(folder))])
  const different = []
  for (const name of [...names].sort()) {
    const [served, built] = await Promise.all(
      [SERVED, folder].map((place) => readFile(path.join(place, name)).catch(() => null)),
    )
    if (served === null || built === null || !served.equals(built)) different.push(name)
  }
  if (different.length > 0) {
    console.error(`The bundle is not what its sources build: ${different.join(", ")}. Run \`make frontend\`.`)
    process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true })
}
