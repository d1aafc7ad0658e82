// Gets prompts with the official clients of Langfuse, at the first attempt or
// not at all. Standard input is a JSON array; standard output is one line of JSON
// for each, what came back or the error.
import { text } from "node:stream/consumers";
import { clients } from "./langfuse.js";

for (const pull of JSON.parse(await text(process.stdin))) {
  console.log(JSON.stringify(await fetch(pull)));
}

async function fetch({ sdk, endpoint, publicKey, secretKey, name, version, label, timeout }) {
  try {
    const client = clients[sdk]({ baseUrl: endpoint, publicKey, secretKey });
    const prompt = await client.get(name, { version, label, cacheTtlSeconds: 0, maxRetries: 0, fetchTimeoutMs: timeout });
    return { prompt: { ...JSON.parse(prompt.toJSON()), commitMessage: prompt.commitMessage } };
  } catch (error) {
    return { error: { name: error.constructor.name, status: error.statusCode ?? error.response?.status ?? 0, message: error.message } };
  }
}
