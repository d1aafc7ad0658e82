// Drives one official SDK for the benchmark. Standard input is one command as
// JSON in each line; standard output answers each with one line: {"ns"} or
// {"error"}. The first line that it prints is {"name", "version", "node",
// "snapshots"}.
//
//   {"op":"first"}             time to the first prompt, by a client with nothing cached
//   {"op":"storm","n":10}      every prompt asked for by n callers at once, with nothing cached
//   {"op":"hits","n":1000}     that many pulls in a row, of prompts that are cached
//   {"op":"save","path":F}     a snapshot of what is cached to the file F
//   {"op":"restored","path":F} time to the first prompt, by a client that starts with F
//
// Its argument is JSON: {"sdk","packages","url","public","key","prompts"}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const settings = JSON.parse(process.argv[2]);
const require = createRequire(join(settings.packages, "package.json"));
const sdk = await import(`./${settings.sdk}.mjs`);
const pkg = await import(pathToFileURL(require.resolve(sdk.name)));
const manifest = join(settings.packages, "node_modules", sdk.name, "package.json");
console.log(
  JSON.stringify({
    name: sdk.name,
    version: JSON.parse(readFileSync(manifest)).version,
    node: process.versions.node,
    snapshots: sdk.save !== undefined,
  }),
);

let pull = sdk.connect(pkg, settings);

const operations = {
  async first() {
    const start = process.hrtime.bigint();
    pull = sdk.connect(pkg, settings);
    await pull(settings.prompts[0]);
    return process.hrtime.bigint() - start;
  },
  async storm({ n }) {
    pull = sdk.connect(pkg, settings);
    const start = process.hrtime.bigint();
    await Promise.all(settings.prompts.flatMap((name) => Array.from({ length: n }, () => pull(name))));
    return process.hrtime.bigint() - start;
  },
  async hits({ n }) {
    const { prompts } = settings;
    const start = process.hrtime.bigint();
    for (let i = 0, at = 0; i < n; i++, at = at + 1 === prompts.length ? 0 : at + 1) {
      await pull(prompts[at]);
    }
    return process.hrtime.bigint() - start;
  },
  async save({ path }) {
    sdk.save(pkg, path);
    return 0;
  },
  async restored({ path }) {
    const start = process.hrtime.bigint();
    pull = sdk.connect(pkg, settings);
    sdk.restore(pkg, path);
    await pull(settings.prompts[0]);
    return process.hrtime.bigint() - start;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ns: Number(await operations[command.op](command)) }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${command.op}: ${error.stack ?? error}` }));
  }
}
process.exit(0); // an SDK's timers would keep the process
