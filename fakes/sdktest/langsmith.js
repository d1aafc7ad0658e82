// The client of LangSmith's official SDK, as these tests use it: without its
// cache.
import "./isolation.js";
import { Client } from "langsmith";

// newClient returns a client that gives up at the first failure. The SDK sets
// the number of retries after it has applied callerOptions, so the option
// callerOptions.maxRetries has no effect.
export function newClient(options) {
  const client = newRetryingClient(options);
  client.caller.maxRetries = 0;
  return client;
}

// newRetryingClient returns a client with the SDK's own retries.
export function newRetryingClient(options) {
  return new Client({ disablePromptCache: true, ...options });
}
