// Gets and lists prompts with the official clients of Langfuse, at the first
// attempt or not at all. Standard input is a JSON array; standard output is one
// line of JSON for each, what came back or the error.
import { text } from "node:stream/consumers";
import { clients } from "./langfuse.js";

let lines = "";
for (const pull of JSON.parse(await text(process.stdin))) {
  lines += JSON.stringify(await get(pull)) + "\n";
}
// v5 leaves the timers of requests that failed, and they would keep Node waiting.
process.stdout.write(lines, () => process.exit());

async function get({ sdk, endpoint, publicKey, secretKey, name, version, label, timeout, list }) {
  try {
    const client = clients[sdk]({ baseUrl: endpoint, publicKey, secretKey });
    if (list) {
      return { list: (await client.list(list)).data };
    }
    const prompt = await client.get(name, { version, label, cacheTtlSeconds: 0, maxRetries: 0, fetchTimeoutMs: timeout });
    return { prompt: { ...JSON.parse(prompt.toJSON()), commitMessage: prompt.commitMessage } };
  } catch (error) {
    const name = error.constructor.name.replace(/^_/, ""); // which a bundler has added
    return { error: { name, status: error.statusCode ?? error.response?.status ?? 0, message: error.message } };
  }
}
