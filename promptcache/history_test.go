package promptcache_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// The kinds of operations in a history of one key.
const (
	opSet        = "set"        // in: the value
	opInvalidate = "invalidate" // out: whether there was one
	opClear      = "clear"      // says nothing
	opGet        = "get"        // out: the value, "" for a miss
	opRead       = "read"       // a read-through; out: the value, "" for an error
	opRefresh    = "refresh"    // the same, but what is cached will not do
	opBegin      = "begin"      // a fetch begins; in: what it will bring
	opEnd        = "end"        // and ends
)

type operation struct {
	kind, key, in, out string
	call, back         int64
}

func (o operation) String() string {
	return fmt.Sprintf("[%d %d] %s %s(%s) -> %q", o.call, o.back, o.key, o.kind, o.in, o.out)
}

// registerState is a key's: what is cached, and which fetches under way may
// still be stored, in order, each with a trailing space.
type registerState struct{ cached, attached string }

// register is a register that is written by Set, emptied by Invalidate, and
// written by fetches, which take their value when they begin. A write makes
// the fetches that began before it worthless: nothing but what already waits
// for one of them ever sees what it brings.
//
// A fetch is two operations. It may be dropped at its end although nobody wrote
// meanwhile, for there may be nobody left who wants it.
var register = porcupine.NondeterministicModel{
	Init: func() []any { return []any{registerState{}} },
	Step: func(state, input, _ any) []any {
		s, op := state.(registerState), input.(operation)
		attached := strings.Contains(" "+s.attached, " "+op.in+" ")
		without := registerState{s.cached, strings.TrimPrefix(strings.Replace(" "+s.attached, " "+op.in+" ", " ", 1), " ")}
		ok := true
		switch op.kind {
		case opSet:
			return []any{registerState{cached: op.in}}
		case opClear:
			return []any{registerState{}}
		case opInvalidate:
			if (s.cached != "") != (op.out == "1") {
				return nil
			}
			return []any{registerState{}}
		case opBegin:
			return []any{registerState{s.cached, s.attached + op.in + " "}}
		case opEnd:
			if attached && op.out != "" {
				return []any{without, registerState{op.in, without.attached}}
			}
			return []any{without}
		case opGet:
			ok = op.out == s.cached
		case opRead, opRefresh:
			ok = op.out == "" || op.out == s.cached || strings.Contains(" "+s.attached, " "+op.out+" ")
		}
		if !ok {
			return nil
		}
		return []any{s}
	},
	DescribeOperation: func(input, _ any) string { return input.(operation).String() },
}

// operations puts a history into porcupine's words.
func operations(history []operation) []porcupine.Operation {
	ops := make([]porcupine.Operation, 0, len(history))
	for _, o := range history {
		ops = append(ops, porcupine.Operation{Input: o, Call: o.call, Output: o.out, Return: o.back})
	}
	return ops
}

// requireLinearizable checks the history of one key against the register.
func requireLinearizable(t *testing.T, history []operation) {
	t.Helper()
	if porcupine.CheckOperationsTimeout(register.ToModel(), operations(history), time.Minute) != porcupine.Ok {
		slices.SortFunc(history, func(a, b operation) int { return int(a.call - b.call) })
		for _, o := range history {
			t.Log(o)
		}
		require.FailNow(t, "not linearizable")
	}
}

// requireNoResurrection checks the rule without a model: no read begins after a
// write has returned, and returns a value that was set, or whose fetch began,
// before that write was called. And what Refresh brings was fetched for it.
func requireNoResurrection(t *testing.T, history []operation) {
	t.Helper()
	origin := make(map[string]operation) // of each value
	for _, o := range history {
		if o.kind == opSet || o.kind == opBegin {
			origin[o.in] = o
		}
	}
	for _, read := range history {
		from, ok := origin[read.out]
		if !ok || read.kind != opGet && read.kind != opRead && read.kind != opRefresh {
			continue
		}
		for _, write := range history {
			if write.kind != opSet && write.kind != opInvalidate && write.kind != opClear {
				continue
			}
			if from.back < write.call && write.back < read.call {
				require.FailNow(t, "resurrected", "%v\nwrote over\n%v\nbut then\n%v", write, from, read)
			}
		}
		if read.kind == opRefresh && from.back < read.call {
			require.FailNow(t, "not refreshed", "%v\nis older than\n%v", from, read)
		}
	}
}

func TestHistoryChecker(t *testing.T) {
	at := func(call, back int64, kind, in, out string) operation {
		return operation{kind: kind, key: "a", in: in, out: out, call: call, back: back}
	}
	good := map[string][]operation{
		"a fetch is stored": {
			at(1, 6, opRead, "", "f1"), at(2, 3, opBegin, "f1", ""), at(4, 20, opEnd, "f1", "f1"), at(7, 8, opGet, "", "f1"),
		},
		"a waiter gets what was invalidated while it waited": {
			at(1, 10, opRead, "", "f1"), at(2, 3, opBegin, "f1", ""), at(4, 5, opInvalidate, "", "0"),
			at(6, 20, opEnd, "f1", "f1"), at(11, 12, opGet, "", ""),
		},
	}
	bad := map[string][]operation{
		"a read-through after Invalidate joins the fetch from before": {
			at(1, 2, opBegin, "f1", ""), at(3, 4, opInvalidate, "", "0"), at(5, 8, opRead, "", "f1"), at(6, 20, opEnd, "f1", "f1"),
		},
		"an invalidated key comes back": {
			at(1, 2, opBegin, "f1", ""), at(3, 4, opInvalidate, "", "0"), at(5, 6, opEnd, "f1", "f1"), at(7, 8, opGet, "", "f1"),
		},
		"a fetch overwrites a newer Set": {
			at(1, 2, opBegin, "f1", ""), at(3, 4, opSet, "s1", ""), at(5, 6, opEnd, "f1", "f1"), at(7, 8, opGet, "", "f1"),
		},
	}
	for name, history := range good {
		t.Run("NB-11 NB-12 the checker lets pass: "+name, func(t *testing.T) {
			requireLinearizable(t, history)
			requireNoResurrection(t, history)
		})
	}
	for name, history := range bad {
		t.Run("NB-11 NB-12 the checker finds: "+name, func(t *testing.T) {
			require.False(t, porcupine.CheckOperations(register.ToModel(), operations(history)))
		})
	}
}
