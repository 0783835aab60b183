// Opens pages in Chromium on a screen as wide as a small phone's, and prints what it sees of each as JSON.
// node look.mjs FOLDER_WITH_NODE_MODULES ADDRESS...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tools, ...addresses] = process.argv.slice(2);
const require = createRequire(`${tools}/`);
const { chromium } = require("playwright-core");
const packed = (await import(require.resolve("@sparticuz/chromium"))).default;
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: await packed.executablePath(),
  args: ["--no-sandbox", "--disable-background-networking"],
});
const seen = [];
for (const address of addresses) {
  const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(address, { waitUntil: "networkidle" });
  const [width, lang, folded] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.lang,
    document.querySelectorAll(".opblock").length,
  ]);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const findings = violations.map(({ id, impact, nodes }) => ({ id, impact, first: nodes[0].html }));
  seen.push({ address, width, lang, folded, errors, findings });
  await page.close();
}
await browser.close();
process.stdout.write(JSON.stringify(seen));
