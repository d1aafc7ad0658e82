// The official clients of Langfuse, in one form.
import "./isolation.js";
import { LangfuseClient } from "@langfuse/client";
import { Langfuse } from "langfuse";

// The clients write what fails to the console, where it would hide the results.
console.error = () => {};
console.warn = () => {};

// clients makes a client of each package. Its get takes the package's own
// options, but for the version, and returns the package's own prompt.
export const clients = {
  v3(options) {
    const sdk = new Langfuse(options);
    return {
      get: (name, { version, ...rest } = {}) => sdk.getPrompt(name, version, rest),
      create: (body) => sdk.createPrompt(body),
      update: (body) => sdk.updatePrompt(body),
      list: (query) => sdk.api.promptsList(query),
    };
  },
  v5(options) {
    const sdk = new LangfuseClient(options);
    return {
      get: (name, rest) => sdk.prompt.get(name, rest),
      create: (body) => sdk.prompt.create(body),
      update: (body) => sdk.prompt.update(body),
      list: (query) => sdk.api.prompts.list(query),
      delete: (name, which) => sdk.prompt.delete(name, which),
    };
  },
};
