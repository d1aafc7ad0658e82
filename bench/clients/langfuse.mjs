// The official npm package langfuse, version 3, with its cache as it comes.
export const name = "langfuse";

// connect returns what pulls one prompt, by a new client, which has a cache of
// its own.
export function connect({ Langfuse }, { url, public: publicKey, key }) {
  const client = new Langfuse({ baseUrl: url, publicKey, secretKey: key });
  return (prompt) => client.getPrompt(prompt);
}
