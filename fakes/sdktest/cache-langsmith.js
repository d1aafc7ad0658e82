// Pulls prompts with the official SDK of LangSmith and its cache, as programs do
// that use it. Standard input is {load, pulls, dump}: the file that the cache
// loads first, what is pulled, and the file that it dumps to at the end; "" is no
// file. Standard output is one line of JSON for each pull, what came back or the
// error, and one that says how many entries were loaded, what the cache counted,
// and which hosts were connected to.
import { text } from "node:stream/consumers";
import { promptCacheSingleton as cache } from "langsmith";
import { connected } from "./isolation.js";
import { newClient } from "./langsmith.js";

const { load, pulls, dump } = JSON.parse(await text(process.stdin));
cache.configure({ maxSize: 1000 });
const loaded = load && cache.load(load);
for (const { endpoint, apiKey, identifier, includeModel } of pulls) {
  console.log(JSON.stringify(await pull()));

  async function pull() {
    try {
      const client = newClient({ apiUrl: endpoint, apiKey, disablePromptCache: false });
      return { commit: await client.pullPromptCommit(identifier, { includeModel, dangerouslyPullPublicPrompt: true }) };
    } catch (error) {
      return { error: { name: error.name, status: error.status ?? 0, message: error.message } };
    }
  }
}
if (dump) {
  cache.dump(dump);
}
cache.stop();
console.log(JSON.stringify({ loaded: loaded || 0, hits: cache.metrics.hits, misses: cache.metrics.misses, connected: [...connected] }));
