// Bundles the components that the pages mount. Byte for byte the same on every machine: nothing in
// the output depends on the folder, the time or the order in which the file system lists files.
//
// Usage: node build.mjs FOLDER
import { createHash } from "node:crypto"
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const HERE = path.dirname(fileURLToPath(import.meta.url))
const SETTINGS = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]

/** Every file that the bundle is made from, as sorted paths with forward slashes. */
async function listSources() {
  const found = await readdir(path.join(HERE, "src"), { recursive: true, withFileTypes: true })
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(HERE, path.join(entry.parentPath ?? entry.path, entry.name)))
  return [...SETTINGS, ...files.map((file) => file.split(path.sep).join("/"))].sort()
}

/** SHA-256 over the names and contents of the sources, with the length before each part. */
async function digestSources() {
  const digest = createHash("sha256")
  for (const file of await listSources()) {
    const content = await readFile(path.join(HERE, file))
    for (const part of [Buffer.from(file), content]) digest.update(`${part.length}:`).update(part)
  }
  return digest.digest("hex")
}

/** The entries: one file in `src/entries` for each component. */
async function listEntries() {
  const found = await readdir(path.join(HERE, "src", "entries"))
  return found.sort().map((file) => `src/entries/${file}`)
}

/** The licenses of all packages that are part of a bundle; they ask to be kept with it. */
async function collectLicenses(inputs) {
  const found = inputs.map((file) => file.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
  const parts = []
  for (const name of [...new Set(found.filter(Boolean))].sort()) {
    const home = path.join(HERE, "node_modules", name)
    const { version, license } = JSON.parse(await readFile(path.join(home, "package.json"), "utf8"))
    const file = (await readdir(home)).sort().find((entry) => /^licen[cs]e/i.test(entry))
    const text = file ? await readFile(path.join(home, file), "utf8") : `${license} license`
    parts.push(`${name} ${version}\n\n${text.trim()}\n`)
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`)
}

const folder = path.resolve(process.argv[2] ?? path.join(HERE, "..", "build"))
const { metafile, outputFiles } = await build({
  absWorkingDir: HERE,
  entryPoints: await listEntries(),
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  entryNames: "[name]",
  loader: { ".css": "text" },
  logLevel: "warning",
  metafile: true,
  write: false,
})
const files = new Map(outputFiles.map(({ path: file, contents }) => [path.basename(file), contents]))
files.set("licenses.txt", await collectLicenses(Object.keys(metafile.inputs)))
files.set("sources.txt", `${await digestSources()}\n`)

await mkdir(folder, { recursive: true })
for (const [name, contents] of files) await writeFile(path.join(folder, name), contents)
for (const name of await readdir(folder)) {
  if (!files.has(name)) await rm(path.join(folder, name), { recursive: true })
}
