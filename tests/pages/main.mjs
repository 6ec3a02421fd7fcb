// Reads the pages in Chromium: node main.mjs ADDRESS BROWSER THEME [PICTURES]
// Of another theme than the neutral one what a theme may change is read: axe, and what is wider than the screen.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, executablePath, theme, pictures] = process.argv.slice(2);
const isNeutral = theme === "neutral";
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const profile = mkdtempSync(join(tmpdir(), "ree-pages-"));
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const LIMIT = 100_000;
const faults = [];
const fault = (page, words) => faults.push(`${page}: ${words}`);

// The addresses to read: what the catalogue and the figures lead to first.
async function addresses() {
  const first = async (path, start) => {
    const text = await (await fetch(address + path, { headers: { accept: "text/html" } })).text();
    const found = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
    return found.filter((link) => link.startsWith(start)).slice(0, 2);
  };
  const conventions = await first("/conventions", "/conventions/CN");
  const years = await first("/chiffres", "/chiffres/2");
  const schools = await first("/etablissements?q=perpignan", "/etablissements/");
  return [
    "/", "/?lang=en", "/conventions", "/conventions?effective_status=any&q=industrie", "/conventions?q=zzzz",
    ...conventions, "/territoires", "/territoires/academy:11", "/territoires/region:76", "/territoires/department:066",
    "/etablissements", "/etablissements?q=perpignan", ...schools, "/chiffres", ...years,
    ...years.map((year) => `${year}?by=action_type&measure=girls_share&lang=en`), "/nothing", "/conventions?axis=nothing",
  ];
}

const context = (options) => chromium.launchPersistentContext(profile, { executablePath, args, headless: true, ...options });

// Axe is run from outside: the page's policy lets no program in, and should not.
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  const run = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await run(axe);
  const found = await run("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target + ' ' + n.failureSummary).join(' | ')))");
  return found;
}

// Whatever can be reached by the pointer is reached by the keyboard, and shows it.
async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const shown = (one) => one.checkVisibility() && !one.closest("[aria-hidden=true]") && one.tabIndex >= 0;
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")].filter(shown);
    all.forEach((one, place) => (one.dataset.place = place));
    return all.length;
  });
  const reached = new Set();
  let unseen = 0;
  for (let step = 0; step < wanted + 5; step++) {
    await page.keyboard.press("Tab");
    const [place, outline] = await page.evaluate(() => [document.activeElement.dataset.place, getComputedStyle(document.activeElement).outlineStyle]);
    if (place === undefined) break;
    reached.add(place);
    if (outline === "none") unseen++;
  }
  return [wanted - reached.size, unseen];
}

const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function read(path, width, extra = {}) {
  const browser = await context({ viewport: { width, height: 800 }, ...extra });
  const page = await browser.newPage();
  const elsewhere = [];
  page.on("request", (request) => request.url().startsWith(address) || elsewhere.push(request.url()));
  page.on("console", (message) => message.type() === "error" && !message.text().includes("status of 4") && fault(`${path} at ${width}`, message.text()));
  const response = await page.goto(address + path, { waitUntil: "load" });
  return { browser, page, response, elsewhere };
}

const name = (path) => (isNeutral ? "" : `${theme}_`) + (path.replace(/[^a-zA-Z0-9]+/g, "_").replace(/^_|_$/g, "") || "home");
const all = await addresses();
let [heaviest, slowest] = [0, 0];
for (const path of all) {
  for (const width of [1280, 360]) {
    const { browser, page, response, elsewhere } = await read(path, width);
    const here = `${path} at ${width}`;
    elsewhere.forEach((url) => fault(here, `asks ${url}`));
    const weight = (await response.body()).length;
    heaviest = Math.max(heaviest, weight);
    if (weight > LIMIT) fault(here, `${weight} bytes`);
    const paint = await page.evaluate(() => performance.getEntriesByType("paint").find((one) => one.name === "first-contentful-paint")?.startTime ?? 0);
    slowest = Math.max(slowest, paint);
    if ((await tooWide(page)) > 0) fault(here, "is wider than the screen");
    for (const one of await violations(page)) fault(here, one);
    const [missed, unseen] = isNeutral ? await keyboard(page) : [0, 0];
    if (missed > 0) fault(here, `${missed} of its links and fields are not reached by the keyboard`);
    if (unseen > 0) fault(here, `${unseen} of its links and fields do not show that they are reached`);
    if (pictures) await page.screenshot({ path: join(pictures, `${name(path)}_${width}.png`), fullPage: true });
    await browser.close();
  }
  if (isNeutral) {
    const narrow = await read(path, 320, { javaScriptEnabled: false });
    if (!(await narrow.page.locator("main h1").count())) fault(path, "has no heading without a program");
    await narrow.browser.close();
  }
  // 320 pixels, then text of twice the size: what 200 % zoom does to 1280.
  const small = await read(path, 320);
  if ((await tooWide(small.page)) > 0) fault(path, "is wider than 320 pixels");
  await small.page.setViewportSize({ width: 640, height: 800 });
  const session = await small.page.context().newCDPSession(small.page);
  await session.send("Runtime.evaluate", { expression: "document.documentElement.style.fontSize = '200%'" });
  if ((await tooWide(small.page)) > 0) fault(path, "is wider than the screen at twice the size");
  await small.browser.close();
  const dark = await read(path, 1280, { colorScheme: "dark" });
  for (const one of await violations(dark.page)) fault(`${path} in the dark`, one);
  if (pictures) await dark.page.screenshot({ path: join(pictures, `${name(path)}_dark.png`), fullPage: true });
  if (pictures) await dark.page.pdf({ path: join(pictures, `${name(path)}.pdf`), format: "A4" });
  await dark.browser.close();
}
rmSync(profile, { recursive: true, force: true });
faults.forEach((one) => console.error(one));
console.log(`${theme}: ${all.length} pages, ${faults.length} faults, the heaviest ${heaviest} bytes, the slowest first paint ${Math.round(slowest)} ms`);
process.exit(faults.length ? 1 : 0);
