// Writes the models that Modelina makes of an AsyncAPI document as TypeScript, and prints their names.
// node model.mjs FOLDER_WITH_NODE_MODULES DOCUMENT FOLDER
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tools, document, folder] = process.argv.slice(2);
const { TypeScriptFileGenerator } = createRequire(`${tools}/`)("@asyncapi/modelina");
const generator = new TypeScriptFileGenerator({ modelType: "interface", rawPropertyNames: true });
const options = { exportType: "default" };
const models = await generator.generateToFiles(JSON.parse(readFileSync(document, "utf8")), folder, options);
process.stdout.write(JSON.stringify(models.map((model) => model.modelName)));
