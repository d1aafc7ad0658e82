// A prompt with its model, as LangSmith stores it.
export const prompt = {
  lc: 1,
  type: "constructor",
  id: ["langchain", "prompts", "prompt", "PromptTemplate"],
  kwargs: { template: "Translate: {text}", input_variables: ["text"], template_format: "f-string" },
};

export const modelConfig = { model: "gpt-4o-mini", temperature: 0.5 };

export const sequence = {
  lc: 1,
  type: "constructor",
  id: ["langchain", "schema", "runnable", "RunnableSequence"],
  kwargs: {
    first: prompt,
    last: {
      lc: 1,
      type: "constructor",
      id: ["langchain", "schema", "runnable", "RunnableBinding"],
      kwargs: {
        bound: { lc: 1, type: "constructor", id: ["langchain", "chat_models", "openai", "ChatOpenAI"], kwargs: modelConfig },
        kwargs: {},
      },
    },
  },
};
