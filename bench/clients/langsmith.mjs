// The official npm package langsmith, with its cache as it comes.
export const name = "langsmith";

// connect returns what pulls one prompt, by a new client with an empty cache.
// The SDK has one cache for the whole process.
export function connect({ Client, promptCacheSingleton }, { url, key }) {
  promptCacheSingleton.clear();
  const client = new Client({ apiUrl: url, apiKey: key });
  return (prompt) => client.pullPromptCommit(prompt);
}

// save writes what is cached to a file, and restore adds what is in it.
export function save({ promptCacheSingleton }, path) {
  promptCacheSingleton.dump(path);
}

export function restore({ promptCacheSingleton }, path) {
  promptCacheSingleton.load(path);
}
