// Pulls prompts with the official SDK of LangSmith. Standard input is a JSON
// array of pulls; standard output is one line of JSON for each, what came back or
// the error.
import { text } from "node:stream/consumers";
import { newClient } from "./langsmith.js";

for (const { endpoint, apiKey, workspaceId, identifier, includeModel } of JSON.parse(await text(process.stdin))) {
  console.log(JSON.stringify(await pull()));

  async function pull() {
    try {
      const client = newClient({ apiUrl: endpoint, apiKey, workspaceId });
      return { commit: await client.pullPromptCommit(identifier, { includeModel, dangerouslyPullPublicPrompt: true }) };
    } catch (error) {
      return { error: { name: error.name, status: error.status ?? 0, message: error.message } };
    }
  }
}
