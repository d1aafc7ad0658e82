package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/promptcache/promptcache-go/prompt"
)

// request returns what to send for p with vars filled in: the messages, the
// model's settings, and the format of the answer if p has a schema for it.
func request(p *prompt.Prompt, vars prompt.Vars) (openai.ChatCompletionNewParams, error) {
	var params openai.ChatCompletionNewParams
	compiled, err := p.CompileStrict(vars) // without it, a placeholder could be among the messages
	if err != nil {
		return params, err
	}
	params.Messages = messages(compiled)
	if err := configure(&params, p); err != nil {
		return openai.ChatCompletionNewParams{}, fmt.Errorf("the model of prompt %q: %w", p.Name(), err)
	}
	return params, nil
}

// messages returns the messages of c for the client to send as they are: what
// arrives is the JSON of c, to the byte, without escapes for HTML. Fields that the
// client has no name for are sent too, and so are roles.
//
// The price is that the client knows nothing of them: GetRole and its like
// return nil. A program that wants to look at them decodes the JSON instead,
// json.Unmarshal(raw, &message). The client then drops a null content, fields
// that it does not know, and a tool's name, and refuses roles of others.
func messages(c prompt.Compiled) []openai.ChatCompletionMessageParamUnion {
	out := make([]openai.ChatCompletionMessageParamUnion, len(c.Messages))
	for i, message := range c.Messages {
		out[i] = param.Override[openai.ChatCompletionMessageParamUnion](message)
	}
	return out
}

// settings are those of a prompt of LangSmith that are used here; what else a
// ChatOpenAI has is for LangChain. Of Langfuse a prompt's Config is whatever its
// authors agree on.
type settings struct {
	Provider string
	Settings struct {
		Model       string
		ModelName   string `json:"model_name"` // as LangChain's Python package writes it
		Temperature *float64
		TopP        *float64 `json:"top_p"`
		MaxTokens   *int64   `json:"max_tokens"`
	}
	Bound struct {
		Tools      []json.RawMessage
		ToolChoice json.RawMessage `json:"tool_choice"`
	}
	StructuredOutput struct {
		Strict *bool
	} `json:"structured_output"`
}

// configure sets what p says about the model and its answer.
func configure(params *openai.ChatCompletionNewParams, p *prompt.Prompt) error {
	var s settings
	if config := p.Config(); config != nil {
		if err := json.Unmarshal(config, &s); err != nil {
			return err
		}
	}
	if s.Provider != "ChatOpenAI" {
		return fmt.Errorf(`it is %q; want "ChatOpenAI", and "?model" in the key to have it at all`, s.Provider)
	}
	params.Model = s.Settings.Model
	if params.Model == "" {
		params.Model = s.Settings.ModelName
	}
	if params.Model == "" {
		return errors.New("it has no name")
	}
	params.Temperature = optional(s.Settings.Temperature)
	params.TopP = optional(s.Settings.TopP)
	params.MaxCompletionTokens = optional(s.Settings.MaxTokens)
	for _, tool := range s.Bound.Tools {
		params.Tools = append(params.Tools, param.Override[openai.ChatCompletionToolUnionParam](tool))
	}
	if s.Bound.ToolChoice != nil {
		params.ToolChoice = param.Override[openai.ChatCompletionToolChoiceOptionUnionParam](s.Bound.ToolChoice)
	}
	if schema := p.Schema(); schema != nil {
		return format(params, schema, s.StructuredOutput.Strict)
	}
	return nil
}

// optional is an optional field of a request: unset for nil, and sent otherwise,
// also if it is zero.
func optional[T comparable](value *T) param.Opt[T] {
	if value == nil {
		return param.Opt[T]{}
	}
	return param.NewOpt(*value)
}

// format asks for an answer by the schema, which is sent to the byte. Its title
// is the format's name, as it is with LangChain.
func format(params *openai.ChatCompletionNewParams, schema json.RawMessage, strict *bool) error {
	var titled struct{ Title string }
	if err := json.Unmarshal(schema, &titled); err != nil {
		return fmt.Errorf("its schema: %w", err)
	}
	if titled.Title == "" {
		titled.Title = "answer" // the API wants a name
	}
	params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
		JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: titled.Title, Schema: schema, Strict: optional(strict)},
	}
	return nil
}
