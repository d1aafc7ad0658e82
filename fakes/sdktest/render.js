// Renders prompts with the official packages, without any server. Standard input
// is a JSON array of rows; standard output is one line of JSON for each.
import "./isolation.js";
import { text } from "node:stream/consumers";
import * as v5 from "@langfuse/client";
import * as v3 from "langfuse-core"; // where the package langfuse has its prompts from
import { format } from "./langchain.js";

for (const row of JSON.parse(await text(process.stdin))) {
  console.log(JSON.stringify(await render(row)));
}

// render returns by package {result} or {error}.
async function render({ manifest, prompt, variables, placeholders }) {
  if (manifest) {
    return { langchain: await attempt(() => format(manifest, variables)) };
  }
  const compile = (sdk) => attempt(() => client(sdk, prompt).compile(variables, placeholders));
  return { v3: await compile(v3), v5: await compile(v5) };
}

function client(sdk, prompt) {
  return prompt.type === "chat" ? new sdk.ChatPromptClient(prompt) : new sdk.TextPromptClient(prompt);
}

async function attempt(what) {
  try {
    return { result: await what() };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}
