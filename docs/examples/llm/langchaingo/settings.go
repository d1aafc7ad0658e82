package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/promptcache/promptcache-go/prompt"
)

// settings are what the Config of a prompt may have. In Langfuse that is any
// JSON, as its authors agree; here it has the chat completions API's names. A
// setting that is not here is an error, rather than a request without it: top_p
// is not, because langchaingo's model of OpenAI does not send it.
type settings struct {
	Model          string          `json:"model"`
	Temperature    *float64        `json:"temperature"`
	MaxTokens      int             `json:"max_completion_tokens"`
	Tools          []llms.Tool     `json:"tools"`
	ToolChoice     any             `json:"tool_choice"`
	ResponseFormat json.RawMessage `json:"response_format"`
}

// configure returns the model that p is for, and the options of a call. The
// model is p's own, because langchaingo takes the format of the answer when a
// model is made, and not with a call; making one costs next to nothing.
//
// A temperature is always sent, and 0 if there is none in p, except to the models
// of which langchaingo knows that they refuse it.
func configure(p *prompt.Prompt) (*openai.LLM, []llms.CallOption, error) {
	var s settings
	if config := p.Config(); config != nil {
		if err := decode(config, &s); err != nil {
			return nil, nil, err
		}
	}
	if s.Model == "" {
		return nil, nil, errors.New("it has no name; want a model in the prompt's config")
	}
	for i, tool := range s.Tools {
		if tool.Function == nil { // sending it would panic
			return nil, nil, fmt.Errorf("tools[%d]: %w: a tool of type %q", i, errLoss, tool.Type)
		}
	}
	format, err := responseFormat(p, s.ResponseFormat)
	if err != nil {
		return nil, nil, err
	}
	model, err := openai.New(openai.WithModel(s.Model), openai.WithResponseFormat(format)) // nil is none
	if err != nil {
		return nil, nil, err
	}
	options := []llms.CallOption{llms.WithMaxTokens(s.MaxTokens), llms.WithTools(s.Tools), llms.WithToolChoice(s.ToolChoice)}
	if s.Temperature != nil {
		options = append(options, llms.WithTemperature(*s.Temperature))
	}
	return model, options, nil
}

// responseFormat returns the format of the answer: that of p's schema, or else
// the one of its settings, or nil.
//
// langchaingo knows few of the words of JSON schema: type (one, and not none),
// description, enum, items, properties, additionalProperties (true or false),
// required and $ref. A schema with others ($defs, anyOf, format, minimum, a title
// but the first …) is an error. Where additionalProperties is not said, false is
// sent.
func responseFormat(p *prompt.Prompt, raw json.RawMessage) (*openai.ResponseFormat, error) {
	if schema := p.Schema(); schema != nil {
		return schemaFormat(schema)
	}
	if raw == nil {
		return nil, nil //nolint:nilnil // nil is what langchaingo takes for none
	}
	format := new(openai.ResponseFormat)
	if err := decode(raw, format); err != nil {
		return nil, fmt.Errorf("response_format: %w", err)
	}
	return format, nil
}

// schemaFormat is the format of a schema. The schema's title is the format's
// name, as it is with LangChain.
func schemaFormat(schema json.RawMessage) (*openai.ResponseFormat, error) {
	var titled struct {
		Title string `json:"title"`
		openai.ResponseFormatJSONSchemaProperty
	}
	if err := decode(schema, &titled); err != nil {
		return nil, fmt.Errorf("its schema: %w", err)
	}
	if titled.Title == "" {
		titled.Title = "answer" // the API wants a name
	}
	return &openai.ResponseFormat{Type: "json_schema", JSONSchema: &openai.ResponseFormatJSONSchema{
		Name:   titled.Title,
		Schema: &titled.ResponseFormatJSONSchemaProperty,
	}}, nil
}
