// Builds the scripts and the style of the pages into ../built, named by their content.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const target = new URL("../built/", import.meta.url);
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const { outputFiles } = await build({
  entryPoints: ["src/app.js", "src/refresh.js", "src/charts/charts.js", "src/offline.js", "src/app.css"],
  outdir: "unused",
  bundle: true,
  minify: true,
  legalComments: "none",
  target: ["es2020", "chrome90", "safari14"],
  write: false,
});

// The service worker keeps its name: a browser looks for a new one at the same address.
const STEADY = "offline.js";
const names = {};
for (const { path, contents } of outputFiles) {
  const name = path.split("/").pop();
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  const built = name === STEADY ? name : name.replace(".", `.${hash}.`);
  names[name] = built;
  writeFileSync(new URL(built, target), contents);
  writeFileSync(new URL(`${built}.gz`, target), gzipSync(contents, { level: 9 }));
}
writeFileSync(new URL("names.json", target), JSON.stringify(names, null, 2) + "\n");
