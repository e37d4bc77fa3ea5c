// Makes src/contract/*.ts from the JSON Schemas of docs/schema.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const schemas = new URL("../../docs/schema/", import.meta.url);
const types = new URL("src/contract/", import.meta.url);

await mkdir(types, { recursive: true });
const names = (await readdir(schemas)).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
for (const name of names) {
  const schema = JSON.parse(await readFile(new URL(`${name}.json`, schemas), "utf8"));
  await writeFile(new URL(`${name}.ts`, types), await compile(withoutAlternatives(schema), name, { format: false }));
}
const index = names.map((name) => `export type { ${name} } from "./${name}.js";\n`);
await writeFile(new URL("index.ts", types), index.join(""));

// Which of two fields is set is for the worker to check: as a union of types it reads badly.
function withoutAlternatives(schema) {
  delete schema.oneOf;
  Object.values(schema.$defs ?? {}).forEach(withoutAlternatives);
  return schema;
}
