package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/prompt"
)

// verifyCmd is `promptcache verify`.
type verifyCmd struct {
	Files []string `arg:"" name:"file" help:"Snapshots."`
	JSON  bool     `name:"json" help:"Print one JSON document and nothing else."`
}

// Help is shown below the summary; see kong.HelpProvider.
func (verifyCmd) Help() string {
	return `Examples:

    promptcache verify prompts.json
    promptcache verify *.json --json

Of the file: that it is JSON in UTF-8, no deeper and larger than a cache would load,
no name twice in it; that it says what it must, and that its checksum is right. What
is wrong there is told with its byte, and then nothing else is checked. Of each
prompt: that its key names a prompt, that it can be read, that its revision is the
one that was recorded, and that it compiles with a value for each variable and
placeholder. A bare file, such as LangSmith's SDKs write, has no checksum, which is a
note.

--json prints an array of objects: file, ok, prompts (how many), sha256, problems and
notes, both arrays of key ("" of the file itself) and text.

` + exitStatuses
}

// verdict is what was found out about a file.
type verdict struct {
	File     string    `json:"file"`
	OK       bool      `json:"ok"`
	Prompts  int       `json:"prompts"`
	SHA256   string    `json:"sha256"`
	Problems []finding `json:"problems"`
	Notes    []finding `json:"notes"`
}

// finding is what is to be said of a prompt, or of the file.
type finding struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Run verifies.
func (c verifyCmd) Run(std streams) error {
	verdicts := make([]verdict, len(c.Files))
	failed := false
	for i, path := range c.Files {
		verdicts[i] = verify(path)
		failed = failed || !verdicts[i].OK
	}
	if err := c.print(std, verdicts); err != nil {
		return err
	}
	if failed {
		return errFailed
	}
	return nil
}

func (c verifyCmd) print(std streams, verdicts []verdict) error {
	if c.JSON {
		return show.JSON(std.out, verdicts)
	}
	style := term.StyleOf(std.out, std.getenv)
	for _, v := range verdicts {
		if err := show.Findings(std.out, style, v.OK, v.summary(), v.lines()); err != nil {
			return err
		}
	}
	return nil
}

func (v verdict) summary() string {
	if v.Prompts == 0 && !v.OK {
		return v.File
	}
	return fmt.Sprintf("%s: %s", v.File, prompts(v.Prompts))
}

func (v verdict) lines() []string {
	lines := make([]string, 0, len(v.Problems)+len(v.Notes))
	for _, f := range v.Problems {
		lines = append(lines, f.line(""))
	}
	for _, f := range v.Notes {
		lines = append(lines, f.line("note: "))
	}
	return lines
}

func (f finding) line(what string) string {
	if f.Key == "" {
		return what + f.Text
	}
	return fmt.Sprintf("%s%s: %s", what, f.Key, f.Text)
}

// verify checks one file.
func verify(path string) verdict {
	v := verdict{File: path, Problems: []finding{}, Notes: []finding{}}
	s, err := registry.ReadSnapshot(path)
	if err != nil {
		v.Problems = append(v.Problems, finding{Text: whatIsWrong(err)})
		return v
	}
	v.Prompts, v.SHA256 = len(s.Entries), s.Checksum
	if s.Version == 0 {
		v.Notes = append(v.Notes, finding{Text: "it is a bare file, without a checksum"})
	}
	seen := make(map[string]bool)
	for _, e := range s.Entries {
		if err := check(e); err != nil {
			v.Problems = append(v.Problems, finding{e.Key, err.Error()})
		}
		if seen[e.Key] {
			v.Notes = append(v.Notes, finding{e.Key, "it is there in several spellings; the last one is taken"})
		}
		seen[e.Key] = true
	}
	v.OK = len(v.Problems) == 0
	return v
}

// whatIsWrong returns the cause of an error about a file, without the file's name.
func whatIsWrong(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	return cause(err).Error()
}

// check says what is wrong with a prompt.
func check(e registry.Entry) error {
	if e.Err != nil {
		return fmt.Errorf("it cannot be read: %w", e.Err)
	}
	if recorded := e.Facts.Revision; recorded != "" && recorded != e.Value.Revision() {
		return fmt.Errorf("its revision is %.100q, but %.100q is recorded", e.Value.Revision(), recorded)
	}
	p, err := e.Value.Prompt()
	if err != nil {
		return fmt.Errorf("it cannot be compiled: %w", err)
	}
	if _, err := p.CompileStrict(anyValues(p)); err != nil {
		return fmt.Errorf("it cannot be compiled: %w", err)
	}
	return nil
}

// anyValues returns a value for whatever a prompt needs.
func anyValues(p *prompt.Prompt) prompt.Vars {
	values := make(prompt.Vars)
	for _, name := range p.Variables() {
		values[name] = "text"
	}
	for _, place := range p.Placeholders() {
		values[place.Name] = []prompt.Message{{Role: "user", Content: "text"}}
	}
	return values
}
