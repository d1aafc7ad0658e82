// The official npm package @langfuse/client, with its cache as it comes.
export const name = "@langfuse/client";

// connect returns what pulls one prompt, by a new client, which has a cache of
// its own.
export function connect({ LangfuseClient }, { url, public: publicKey, key }) {
  const client = new LangfuseClient({ baseUrl: url, publicKey, secretKey: key });
  return (prompt) => client.prompt.get(prompt);
}
