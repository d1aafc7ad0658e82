package langsmith_test

import (
	"encoding/json"
	"fmt"

	"github.com/promptcache/promptcache-go/langsmith"
	"github.com/promptcache/promptcache-go/prompt"
)

func ExamplePromptCommit_Prompt() {
	var commit langsmith.PromptCommit // as a cache returns it
	err := json.Unmarshal([]byte(`{"owner":"-","repo":"greeting","commit_hash":"8d3f2a91","manifest":
		{"lc":1,"type":"constructor","id":["langchain_core","prompts","chat","ChatPromptTemplate"],"kwargs":{"messages":[
			{"lc":1,"type":"constructor","id":["langchain_core","prompts","chat","SystemMessagePromptTemplate"],"kwargs":{"prompt":
				{"lc":1,"type":"constructor","id":["langchain_core","prompts","prompt","PromptTemplate"],"kwargs":
					{"template":"You greet in {language}.","template_format":"f-string"}}}},
			{"lc":1,"type":"constructor","id":["langchain_core","prompts","chat","MessagesPlaceholder"],"kwargs":{"variable_name":"history"}}]}}}`), &commit)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := commit.Prompt()
	if err != nil {
		fmt.Println(err)
		return
	}
	ready, err := p.Compile(prompt.Vars{
		"language": "Latin",
		"history":  []prompt.Message{{Role: "user", Content: "I am Ada."}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := json.Marshal(ready)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(body))

	// Output:
	// [{"role":"system","content":"You greet in Latin."},{"role":"user","content":"I am Ada."}]
}
