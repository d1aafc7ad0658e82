// Loads and formats a prompt of LangSmith as pull of "langchain/hub" does, with
// nothing but @langchain/core.
import "./isolation.js";
import { load } from "@langchain/core/load";
import * as messages from "@langchain/core/messages";
import * as prompts from "@langchain/core/prompts";
import * as runnables from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";

// A model is loaded with its prompt, and never asked.
class ChatOpenAI extends FakeListChatModel {
  constructor() {
    super({ responses: [] });
  }
}

// What the package langchain adds for the paths of classes that begin with
// "langchain"; those that begin with "langchain_core" are known to the core.
const importMap = {
  prompts__prompt: prompts,
  prompts__chat: prompts,
  prompts__image: prompts,
  schema: messages,
  schema__runnable: runnables,
  chat_models__openai: { ChatOpenAI },
};
const optionalImportsMap = { "langchain_openai/chat_models": { ChatOpenAI } };
const secretsMap = { OPENAI_API_KEY: "none" };

// format returns {text} or {messages}, these in the shape of OpenAI's chat API.
export async function format(manifest, variables) {
  const loaded = await load(JSON.stringify(withoutDots(manifest)), { importMap, optionalImportsMap, secretsMap });
  const prompt = loaded instanceof runnables.RunnableSequence ? loaded.first : loaded;
  const value = await prompt.invoke(variables);
  return prompt instanceof prompts.BaseChatPromptTemplate ? { messages: value.messages.map(shape) } : { text: value.toString() };
}

// withoutDots does what pull does first: with mustache it declares a of a.b.
function withoutDots(manifest) {
  const pulled = structuredClone(manifest);
  if (pulled.kwargs?.template_format === "mustache") {
    for (const kwargs of [pulled.kwargs, ...(pulled.kwargs.messages ?? []).map((m) => m?.kwargs?.prompt?.kwargs ?? {})]) {
      kwargs.input_variables = kwargs.input_variables?.map((name) => name.split(".")[0]);
    }
  }
  return pulled;
}

const roles = { human: "user", ai: "assistant", system: "system", tool: "tool", function: "function" };

// shape returns a message as @langchain/openai sends it.
function shape(message) {
  const { __openai_role__: role, tool_calls: raw, ...additional } = message.additional_kwargs;
  const out = { role: role ?? roles[message.type] ?? message.role, content: message.content };
  if (message.name !== undefined) {
    out.name = message.name;
  }
  if (message.tool_calls?.length) {
    out.tool_calls = message.tool_calls.map(({ id, name, args }) => ({
      id,
      type: "function",
      function: { name, arguments: JSON.stringify(args) },
    }));
  } else if (raw?.length) {
    out.tool_calls = raw;
  }
  if (message.tool_call_id !== undefined) {
    out.tool_call_id = message.tool_call_id;
  }
  return { ...out, ...additional };
}
