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

const camunda = "camunda-bpmn-js/dist/assets";
const dmn = "dmn-js/dist/assets";
const forms = "@bpmn-io/form-js/dist/assets";

/** name used in templates → file in its package, or several set one behind the other;
 * `dev` files are left out when the package is not installed */
const files = [
  { name: "tabler.css", from: "@tabler/core/dist/css/tabler.min.css" },
  { name: "htmx.js", from: "htmx.org/dist/htmx.min.js" },
  { name: "bpmn-viewer.js", from: "bpmn-js/dist/bpmn-navigated-viewer.production.min.js" },
  { name: "diagram-js.css", from: "bpmn-js/dist/assets/diagram-js.css" },
  { name: "bpmn-js.css", from: "bpmn-js/dist/assets/bpmn-js.css" },
  { name: "bpmn-modeler.js", from: "camunda-bpmn-js/dist/camunda-platform-modeler.production.min.js" },
  {
    name: "bpmn-modeler.css",
    from: [
      `${camunda}/diagram-js.css`, `${camunda}/bpmn-js.css`, `${camunda}/bpmn-font/css/bpmn-embedded.css`,
      `${camunda}/diagram-js-minimap.css`, `${camunda}/properties-panel.css`, `${camunda}/color-picker.css`,
      `${camunda}/element-templates.css`, `${camunda}/popup-menu.css`,
    ],
  },
  // its minified file carries the development build of Inferno, which then complains in every console
  { name: "dmn-modeler.js", from: "dmn-js/dist/dmn-modeler.development.js" },
  {
    name: "dmn-modeler.css",
    from: [
      `${dmn}/diagram-js.css`, `${dmn}/dmn-js-shared.css`, `${dmn}/dmn-js-drd.css`, `${dmn}/dmn-js-decision-table.css`,
      `${dmn}/dmn-js-decision-table-controls.css`, `${dmn}/dmn-js-literal-expression.css`,
      `${dmn}/dmn-js-boxed-expression.css`, `${dmn}/dmn-js-boxed-expression-controls.css`,
      `${dmn}/dmn-font/css/dmn-embedded.css`,
    ],
  },
  { name: "form-editor.js", from: "@bpmn-io/form-js/dist/form-editor.umd.js" },
  { name: "form-editor.css", from: [`${forms}/form-js.css`, `${forms}/form-js-editor.css`] },
  { name: "axe.js", from: "axe-core/axe.min.js", dev: true },
];

const withoutSourceMap = (bytes) =>
  Buffer.from(bytes.toString("utf8").replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/gm, ""));

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
const manifest = {};
for (const { name, from, dev } of files) {
  const paths = [from].flat().map((each) => join(modules, each));
  const missing = paths.find((each) => !existsSync(each));
  if (missing) {
    if (dev) continue;
    console.error(`缺少 ${missing}：请先运行 npm ci（missing ${missing}: run npm ci first）`);
    process.exit(1);
  }
  const bytes = Buffer.concat(paths.map((each) => withoutSourceMap(readFileSync(each))));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = name.replace(/(\.[a-z]+)$/, `.${hash}$1`);
  writeFileSync(join(vendor, hashed), bytes);
  writeFileSync(join(vendor, `${hashed}.gz`), gzipSync(bytes, { level: 9 }));
  manifest[name] = hashed;
}
for (const name of ["@tabler/core", "htmx.org", "bpmn-js", "camunda-bpmn-js", "dmn-js", "@bpmn-io/form-js"]) {
  const licence = join(modules, name, "LICENSE");
  if (existsSync(licence)) writeFileSync(join(vendor, `${name.replace(/\W/g, "-")}.LICENSE.txt`), readFileSync(licence));
}
writeFileSync(join(vendor, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`web/static/vendor: ${Object.keys(manifest).length} files`);
