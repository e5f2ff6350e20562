// The page in a browser, as its users have it: node page.mjs http://localhost:8620 [FOLDER for pictures]
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [address, pictures = "pictures"] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(address).origin });
const page = await context.newPage();
page.setDefaultTimeout(Number(process.env.PATIENCE ?? 30_000));

const complaints = [];
page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
page.on("console", (message) => {
    // A query that is refused is an answer of 400, which the console is told.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(`console: ${message.text()}`);
});

let failed = 0;
async function step(name, work) {
    const start = performance.now();
    try {
        const said = await work();
        console.log(`ok      ${name}${said ? `: ${said}` : ""} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name}: ${error.message}`);
        await page.screenshot({ path: `${pictures}/failed-${failed}.png` });
    }
}

const picture = (name) => page.screenshot({ path: `${pictures}/${name}.png` });

async function view(name, ready) {
    await page.goto(`${address}/#/${name}`);
    if (ready) await page.waitForSelector(ready);
}

/// What axe finds, as one text.
async function accessible(what) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const said = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary})`).join("; ")}`);
    assert.equal(said.length, 0, `${what}: ${said.join("\n")}`);
}

const editor = () => page.locator(".cm-content");

async function write(text) {
    await editor().click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
    await page.keyboard.press("Escape");
}

async function ran(pattern = /answered in/) {
    await page.waitForFunction((source) => new RegExp(source).test(document.querySelector(".answer .summary")?.textContent ?? ""), pattern.source);
    return page.locator(".answer .summary").textContent();
}

async function run(text, pattern) {
    await write(text);
    await page.keyboard.press("Shift+Enter");
    return ran(pattern);
}

await step("it is small and soon there", async () => {
    const script = await fetch(`${address}/app.js`, { headers: { "accept-encoding": "gzip" } });
    const size = Number(script.headers.get("content-length"));
    assert.ok(size > 0 && size < 250_000, `${size} bytes`);
    const paints = [];
    for (let round = 0; round < 5; round += 1) {
        await page.goto("about:blank");
        await page.goto(`${address}/#/query`);
        await page.waitForSelector(".cm-content");
        paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 9999));
    }
    const middle = paints.sort((a, b) => a - b)[2];
    assert.ok(middle < 300, `first paint after ${middle} ms`);
    return `${size} bytes of script, first paint after ${Math.round(middle)} ms`;
});

await step("whoever has it does not load it again", async () => {
    const first = await fetch(`${address}/app.js`);
    const again = await fetch(`${address}/app.js`, { headers: { "if-none-match": first.headers.get("etag") } });
    assert.equal(again.status, 304);
    const plain = await fetch(`${address}/plain`);
    assert.equal(plain.status, 200);
});

await step("completion while typing", async () => {
    await write("");
    await page.keyboard.type("securityresources | where ty", { delay: 20 });
    await page.waitForSelector(".cm-tooltip-autocomplete li");
    // What has only just been offered is not taken by a key that was meant for something else.
    await page.waitForTimeout(200);
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.querySelector(".cm-content")?.textContent.includes("where type"));
    await page.keyboard.type(" == '", { delay: 20 });
    await page.keyboard.press("Control+Space");
    await page.waitForFunction(() => document.querySelector(".cm-tooltip-autocomplete")?.textContent.includes("microsoft.security/"));
    const items = await page.locator(".cm-tooltip-autocomplete li").allTextContents();
    assert.ok(items.some((item) => item.includes("%")), `shares of values: ${items.slice(0, 3)}`);
    await picture("completion");
    await page.keyboard.press("Escape");
});

await step("a wrong name is underlined, with a cure", async () => {
    await write("securityresources | where typ == 'x'");
    await page.waitForSelector(".cm-lintRange-error");
    await page.hover(".cm-lintRange-error");
    await page.waitForSelector(".cm-tooltip .help");
    assert.match(await page.locator(".cm-tooltip .help").first().textContent(), /did you mean/);
    await picture("error");
    await page.locator(".cm-diagnosticAction").first().click();
    await page.waitForFunction(() => document.querySelector(".cm-content")?.textContent.includes("where type =="));
});

await step("a signature hint", async () => {
    await write("securityresources | extend x = substring(name, ");
    await page.waitForFunction(() => document.querySelector(".hint")?.textContent.includes("start: integer"));
});

await step("a run, and only the query at the cursor", async () => {
    // The cursor is at the end, in the second one, which is refused.
    await run("securityresources | summarize n = count() by type | sort by n desc\n\nresources | where nonsense", /No answer/);
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Shift+Enter");
    await ran();
});

await step("rows, sorted and filtered", async () => {
    await run("securityresources | summarize n = count() by type | sort by n desc");
    const cell = page.locator(".grid-rows .grid-row").first().locator(".cell").first();
    assert.match(await cell.textContent(), /microsoft\.security\/assessments$/);
    await page.getByRole("button", { name: "n", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".grid-head [aria-sort=ascending]"));
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByLabel("Filter type").fill("scores");
    await page.waitForFunction(() => /^\d of \d/.test(document.querySelector(".summary").textContent));
    await picture("rows");
    await accessible("rows");
});

await step("a row by keyboard, its JSON as a tree", async () => {
    await run("securityresources | where type =~ 'microsoft.security/assessments' | project id, name, properties, subscriptionId");
    await page.locator("[role=grid]").focus();
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "Enter"]) await page.keyboard.press(key);
    await page.waitForSelector(".row-detail .tree");
    assert.match(await page.locator(".row-detail").textContent(), /displayName/);
    await picture("tree");
    await accessible("tree");
    const link = page.locator(".grid-rows a").first();
    assert.match(await link.getAttribute("href"), /^https:\/\/portal\.azure\.com\/#@\/resource\/subscriptions\//);
    await page.keyboard.press("Escape");
    await page.locator("[role=grid]").focus();
    await page.keyboard.press("Control+c");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes("displayName"), copied.slice(0, 80));
});

await step("a chart, as drawn and by hand", async () => {
    await write("securityresources | summarize n = count() by type | render columnchart");
    await page.keyboard.press("Shift+Enter");
    await page.waitForSelector(".picture svg");
    await picture("chart");
    await accessible("chart");
    await page.getByLabel("Show").selectOption("piechart");
    await page.waitForSelector(".picture .pie, .picture .slice, .picture .ring");
    await picture("pie");
});

await step("downloads", async () => {
    await run("securityresources | summarize n = count() by type | sort by n desc");
    for (const [format, start] of [["csv", "type,n"], ["json", ""], ["xlsx", "PK"], ["parquet", "PAR1"]]) {
        const waiting = page.waitForEvent("download");
        await page.locator("select.download").selectOption(format);
        const download = await waiting;
        assert.ok(download.suggestedFilename().endsWith(`.${format}`));
        const bytes = await readFile(await download.path());
        assert.ok(bytes.subarray(0, 16).toString("latin1").includes(start), `${format}: ${bytes.subarray(0, 16)}`);
    }
});

await step("a cancel", async () => {
    await write("range x from 1 to 100000000 step 1 | summarize n = count() by y = strcat('y', x % 1000003)");
    await page.keyboard.press("Shift+Enter");
    await page.locator(".answer .stop").click();
    await page.waitForFunction(() => document.querySelector(".answer .failure")?.textContent.includes("Cancelled"));
    await run("print x = 1");
});

await step("200,000 rows scrolled", async () => {
    await run("range x from 1 to 200000 step 1 | extend square = x * x, name = strcat('row ', x), odd = x % 2 == 1, bag = bag_pack('x', x)", /^200,000 rows/);
    const slow = await page.evaluate(async () => {
        const scroller = document.querySelector(".grid-scroll");
        const gaps = [];
        let last = performance.now();
        for (let frame = 0; frame < 120; frame += 1) {
            scroller.scrollTop += frame < 60 ? 900 : 60_000;
            await new Promise(requestAnimationFrame);
            const now = performance.now();
            gaps.push(now - last);
            last = now;
        }
        gaps.sort((a, b) => a - b);
        return { middle: gaps[60], most: gaps[117] };
    });
    assert.ok(slow.middle < 34, `${slow.middle} ms a frame`);
    assert.ok(slow.most < 200, `a frame of ${slow.most} ms`);
    await page.locator("[role=grid]").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Control+End");
    await page.waitForFunction(() => document.querySelector(".grid-rows")?.textContent.includes("row 200000"));
    await picture("many");
    const start = performance.now();
    await page.getByRole("button", { name: "square", exact: true }).click();
    await page.getByRole("button", { name: "square", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".grid-rows .cell")?.textContent === "200000");
    return `${slow.middle.toFixed(1)} ms a frame, the third slowest ${slow.most.toFixed(1)} ms, sorted twice in ${Math.round(performance.now() - start)} ms`;
});

await step("tabs, history and links", async () => {
    await page.getByLabel("New tab").click();
    await write("print kept = 42");
    await page.waitForTimeout(200);
    await page.reload();
    await page.waitForFunction(() => document.querySelector(".cm-content")?.textContent.includes("kept = 42"));
    await page.getByRole("button", { name: "History" }).click();
    await page.waitForSelector(".past li");
    await accessible("history");
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(link.startsWith(`${address}/#/query?`), link);
    await page.getByLabel("Close this tab").click();
    await page.goto("about:blank");
    await page.goto(link);
    await page.waitForFunction(() => document.querySelector(".cm-content")?.textContent.includes("kept = 42"));
});

await step("format", async () => {
    await write("resources|where type=='x'|take 5");
    await page.getByRole("button", { name: "Format" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".cm-line").length > 1);
});

await step("the data", async () => {
    await view("data", ".data .table");
    await page.locator(".data .table summary", { hasText: "securityresources" }).first().click();
    await page.locator(".data .path summary", { hasText: "properties" }).first().click();
    await page.waitForSelector(".data .path .path");
    await page.locator(".data .path .path summary", { hasText: "status" }).first().click();
    await page.locator(".data .path .path .path summary", { hasText: "code" }).first().click();
    await page.waitForSelector("ul.values li");
    await picture("data");
    await accessible("data");
    await page.locator("ul.values button").first().click();
    await view("query", ".cm-content");
    await page.waitForFunction(() => document.querySelector(".cm-content")?.textContent.includes("| where properties.status.code == "));
});

await step("the questions", async () => {
    await view("questions", ".list li");
    await picture("questions");
    await page.locator(".list a", { hasText: "exemptions-expiring" }).first().click();
    await page.waitForSelector(".parameters input");
    await page.locator(".parameters input").first().fill("400");
    await page.getByRole("button", { name: "Ask" }).click();
    await ran();
    await picture("question");
    await accessible("questions");
    await page.getByRole("button", { name: "Open the query in a tab" }).click();
    await page.waitForFunction(() => document.querySelector("[role=tab][aria-selected=true]")?.textContent === "exemptions-expiring");
});

await step("an exemption followed to its resources", async () => {
    await view("exemptions", ".tile.active .amount");
    await page.waitForSelector(".score-bar");
    await picture("exemptions");
    await accessible("exemptions");
    const active = Number(await page.locator(".tile.active .amount").textContent());
    await page.locator(".tile.active").click();
    await page.waitForFunction((wanted) => document.querySelector("h2 [role=status]")?.textContent.startsWith(`${wanted} exemption`), active);
    await page.locator("[role=grid][aria-label=Exemptions]").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".facts");
    await page.waitForSelector("[role=grid][aria-label^=Recommendations] .grid-rows a");
    const removal = page.locator("[aria-label='If it were removed']");
    await removal.locator(".tile").first().waitFor();
    await page.waitForSelector("[aria-label='Conflicts and duplicates'] :is(.empty, h3)");
    await page.waitForSelector("[role=grid][aria-label=Policies]");
    await page.screenshot({ path: `${pictures}/exemption.png`, fullPage: true });
    await accessible("exemption");
});

await step("two snapshots side by side", async () => {
    await view("compare", ".side-by-side .tile");
    await page.waitForSelector("[role=grid][aria-label=Changes]");
    await picture("compare");
    await accessible("compare");
});

await step("dark", async () => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: "dark" });
    await view("exemptions", ".score-bar");
    assert.equal(await paper(), "rgb(20, 23, 26)");
    await picture("dark-exemptions");
    await accessible("exemptions in the dark");
    await view("query", ".cm-content");
    await run("securityresources\n| where type =~ 'microsoft.security/assessments' // all\n| summarize n = count() by status = tostring(properties.status.code), severity = tostring(properties.metadata.severity)\n| sort by n desc");
    await picture("dark-query");
    await accessible("queries in the dark");
    await page.getByLabel("Light or dark").selectOption("light");
    await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)");
    await page.getByLabel("Light or dark").selectOption("auto");
    await page.emulateMedia({ colorScheme: "light" });
});

await step("400 pixels wide, and 4K", async () => {
    for (const [width, height, name] of [[400, 800, "narrow"], [3840, 2160, "wide"]]) {
        await page.setViewportSize({ width, height });
        for (const [place, ready] of [["query", ".cm-content"], ["data", ".data .table"], ["questions", ".list li"], ["questions/exemptions-list", ".answer .grid-row"], ["exemptions", ".score-bar"], ["compare", ".side-by-side .tile"]]) {
            await page.goto(`${address}/#/${place}`);
            await page.waitForSelector(ready, { state: "attached" });
            await page.waitForTimeout(300);
            const over = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.getElementById("content").scrollWidth) - innerWidth);
            await picture(`${name}-${place.replace("/", "-")}`);
            assert.ok(over <= 0, `${place} is ${over} pixels too wide`);
            if (name === "narrow") await accessible(`narrow ${place}`);
        }
    }
});

await step("nothing went wrong unseen", () => assert.deepEqual(complaints, []));

await browser.close();
process.exit(failed === 0 ? 0 : 1);
