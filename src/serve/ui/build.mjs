// Bundles the page into `dist`, each file packed as it is served.
import { readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await build({
    entryPoints: { app: "main.tsx", style: "style.css" },
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "warning",
});
for (const [from, to] of [["dist/app.js", "app.js"], ["dist/style.css", "style.css"], ["index.html", "index.html"]]) {
    const packed = gzipSync(await readFile(from), { level: 9 });
    await writeFile(`dist/${to}.gz`, packed);
    console.log(`${to}: ${packed.length} bytes packed`);
}
