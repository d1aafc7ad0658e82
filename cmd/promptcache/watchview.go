package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/promptdiff"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/registry"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/show"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/term"
	"github.com/promptcache/promptcache-go/cmd/promptcache/internal/watch"
	"github.com/promptcache/promptcache-go/promptcache"
)

// watchEvent is a line of `promptcache watch --json`.
type watchEvent struct {
	Time             time.Time  `json:"time"`
	Event            watch.Kind `json:"event"`
	Registry         string     `json:"registry"`
	Key              string     `json:"key"`
	Revision         string     `json:"revision"`
	OldRevision      string     `json:"old_revision"`
	AgeSeconds       float64    `json:"age_seconds"`
	Error            string     `json:"error"`
	Parts            []string   `json:"parts"`
	AddedVariables   []string   `json:"added_variables"`
	RemovedVariables []string   `json:"removed_variables"`
	Diff             string     `json:"diff"`
	State            string     `json:"state"`
	Failing          int        `json:"failing"`
	Prompts          int        `json:"prompts"`
}

// watchView prints what happens to prompts.
type watchView struct {
	watchCmd

	std     streams
	style   term.Style
	prompts map[string]opened
	began   time.Time
	changes int
}

func newWatchView(c watchCmd, std streams, prompts map[string]opened) *watchView {
	return &watchView{watchCmd: c, std: std, style: term.StyleOf(std.out, std.getenv), prompts: prompts, began: std.now()}
}

// tell prints an event. It returns the error of a write that failed.
func (v *watchView) tell(e watch.Event) error {
	if e.Kind == watch.Changed {
		v.changes++
	}
	told := v.event(e)
	text := v.readable(e, told)
	if v.JSON {
		line, err := json.Marshal(told)
		if err != nil {
			return fmt.Errorf("encode an event: %w", err)
		}
		text = term.SafeJSON(string(line)) + "\n"
	}
	if _, err := io.WriteString(v.std.out, text); err != nil {
		return fmt.Errorf("print what happened: %w", err)
	}
	return nil
}

// event returns what is to be said of e.
func (v *watchView) event(e watch.Event) watchEvent {
	told := watchEvent{
		Time: e.At, Event: e.Kind, Registry: e.Registry, Key: e.Key,
		Revision: revisionOf(e.New), OldRevision: revisionOf(e.Old), AgeSeconds: e.Age.Seconds(),
		Parts: []string{}, AddedVariables: []string{}, RemovedVariables: []string{},
		Failing: e.Failing, Prompts: e.Prompts,
	}
	if e.Err != nil {
		told.Error = reasonOf(e.Err)
	}
	switch {
	case e.Kind == watch.State && e.Healthy:
		told.State = "healthy"
	case e.Kind == watch.State:
		told.State = "degraded"
	case e.Kind == watch.Changed:
		d := promptdiff.Compare(v.side(e.Key, e.Old), v.side(e.Key, e.New))
		told.Parts = append(told.Parts, d.Parts...)
		told.AddedVariables = append(told.AddedVariables, d.AddedVariables...)
		told.RemovedVariables = append(told.RemovedVariables, d.RemovedVariables...)
		told.Diff = d.Unified
	}
	return told
}

// side returns a prompt as one side of a diff.
func (v *watchView) side(key string, value registry.Value) *promptdiff.Side {
	return &promptdiff.Side{Label: v.prompts[key].Address(), Key: key, Revision: revisionOf(value), Value: value}
}

func revisionOf(v registry.Value) string {
	if v == nil {
		return ""
	}
	return v.Revision()
}

// reasonOf returns what a fetch failed with, without the key.
func reasonOf(err error) string {
	fe, ok := errors.AsType[*promptcache.FetchError](err)
	if !ok {
		return err.Error()
	}
	return strings.TrimPrefix(fetchError{"", fe}.Error(), ": ")
}

// readable returns an event for people: a line, and after it the diff.
func (v *watchView) readable(e watch.Event, told watchEvent) string {
	head, notes := term.Visible(e.Key)+": "+string(e.Kind), v.notes(e, told)
	paint := v.style.Bold
	if e.Kind == watch.State {
		head, notes = told.Registry+": "+told.State, v.state(told)
		paint = v.style.Good
		if !e.Healthy {
			paint = v.style.Bad
		}
	}
	at := e.At.Local().Format(time.TimeOnly) + " "
	margin := strings.Repeat(" ", len(at))
	var b strings.Builder
	for i, line := range v.style.Fold(head+notes, len(at)) {
		if i > 0 {
			b.WriteString(margin + line + "\n")
			continue
		}
		if rest, ok := strings.CutPrefix(line, head); ok {
			line = paint(head) + rest
		}
		b.WriteString(v.style.Dim(at) + line + "\n")
	}
	if e.Kind == watch.Changed && !v.Brief {
		writeDiff(&b, v.style, told.Diff)
	}
	return b.String()
}

// notes says what else there is to say of a prompt's event.
func (v *watchView) notes(e watch.Event, told watchEvent) string {
	served := "nothing is served"
	if e.New != nil {
		served = fmt.Sprintf("%s is served, %s old", cmp.Or(show.Short(told.Revision), "it"), age(e.Age))
	}
	notes := ""
	switch e.Kind {
	case watch.Changed:
		c := comparison{
			Key: e.Key, OtherKey: e.Key, Change: promptdiff.Changed, Parts: told.Parts,
			AddedVariables: told.AddedVariables, RemovedVariables: told.RemovedVariables,
			RevisionA: told.OldRevision, RevisionB: told.Revision,
		}
		notes = strings.TrimPrefix(c.heading(), e.Key+": "+string(promptdiff.Changed))
	case watch.Found, watch.Recovered:
		notes = ": " + show.Short(told.Revision)
	case watch.Removed:
		notes = ": " + told.Error
	case watch.Failed:
		notes = ": " + told.Error + "; " + served
	case watch.Stale:
		notes = ": " + served
	case watch.State: // is no prompt's
	}
	return term.Visible(notes)
}

// state says what else there is to say of a registry.
func (v *watchView) state(told watchEvent) string {
	if told.Failing == 0 {
		return ": " + prompts(told.Prompts)
	}
	return fmt.Sprintf(": %d of %s failing", told.Failing, prompts(told.Prompts))
}

// end says that it is over, to people.
func (v *watchView) end() {
	if v.JSON {
		return
	}
	changes := "no change"
	switch {
	case v.changes == 1:
		changes = "1 change"
	case v.changes > 1:
		changes = fmt.Sprintf("%d changes", v.changes)
	}
	say(v.std, "promptcache:", fmt.Sprintf("watched %s for %s: %s", prompts(len(v.prompts)), age(v.std.now().Sub(v.began)), changes))
}
