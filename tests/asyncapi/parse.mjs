// Reads an AsyncAPI document with AsyncAPI's own parser and prints everything that it has to say, as JSON.
// node parse.mjs FOLDER_WITH_NODE_MODULES DOCUMENT
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, document] = process.argv.slice(2);
const { Parser } = createRequire(`${folder}/`)("@asyncapi/parser");
const { document: parsed, diagnostics } = await new Parser().parse(readFileSync(document, "utf8"));
const channels = parsed ? parsed.channels().all().map((channel) => channel.address()) : [];
const messages = parsed ? parsed.messages().all().map((message) => message.name()) : [];
const told = diagnostics.map(({ code, message, path, severity }) => ({ code, message, severity, path: path.join("/") }));
process.stdout.write(JSON.stringify({ channels, messages, told }));
