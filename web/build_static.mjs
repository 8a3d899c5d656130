// Copies the pinned front-end files out of node_modules into web/static/vendor/, named by their content,
// and writes manifest.json, which web/assets.py reads. No bundler: each file is the package's own build.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const web = dirname(fileURLToPath(import.meta.url));
const modules = join(web, "..", "node_modules");
const vendor = join(web, "static", "vendor");

/** name used in templates → file in its package; `dev` files are left out when the package is not installed */
const files = [
  { name: "tabler.css", from: "@tabler/core/dist/css/tabler.min.css" },
  { name: "htmx.js", from: "htmx.org/dist/htmx.min.js" },
  { name: "bpmn-viewer.js", from: "bpmn-js/dist/bpmn-navigated-viewer.production.min.js" },
  { name: "diagram-js.css", from: "bpmn-js/dist/assets/diagram-js.css" },
  { name: "bpmn-js.css", from: "bpmn-js/dist/assets/bpmn-js.css" },
  { name: "axe.js", from: "axe-core/axe.min.js", dev: true },
];

const withoutSourceMap = (bytes) =>
  Buffer.from(bytes.toString("utf8").replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/gm, ""));

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
const manifest = {};
for (const { name, from, dev } of files) {
  const path = join(modules, from);
  if (!existsSync(path)) {
    if (dev) continue;
    console.error(`缺少 ${from}：请先运行 npm ci（missing ${from}: run npm ci first）`);
    process.exit(1);
  }
  const bytes = withoutSourceMap(readFileSync(path));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = name.replace(/(\.[a-z]+)$/, `.${hash}$1`);
  writeFileSync(join(vendor, hashed), bytes);
  writeFileSync(join(vendor, `${hashed}.gz`), gzipSync(bytes, { level: 9 }));
  manifest[name] = hashed;
}
for (const name of ["@tabler/core", "htmx.org", "bpmn-js"]) {
  const licence = join(modules, name, "LICENSE");
  if (existsSync(licence)) writeFileSync(join(vendor, `${name.replace(/\W/g, "-")}.LICENSE.txt`), readFileSync(licence));
}
writeFileSync(join(vendor, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`web/static/vendor: ${Object.keys(manifest).length} files`);
