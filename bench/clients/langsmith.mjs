// The official npm package langsmith, with its cache as it comes.
export const name = "langsmith";

// connect returns what pulls one prompt, by a new client with an empty cache.
// The SDK has one cache for the whole process.
export function connect({ Client, promptCacheSingleton }, { url, key }) {
  promptCacheSingleton.clear();
  const client = new Client({ apiUrl: url, apiKey: key });
  return (prompt) => client.pullPromptCommit(prompt);
}
