package soak

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Config says how long and how hard. The zero Config is a run of a minute.
type Config struct {
	// Seed is what the faults are drawn from.
	Seed uint64
	// Length is how long faults go on; calm before and convergence after come
	// on top. 0 is one minute. Less than MinLength is an error.
	Length time.Duration
	// Prompts is how many keys there are, half of them in each registry. 0 is
	// 5,000.
	Prompts int
	// Readers is how many goroutines read. 0 is 64.
	Readers int
	// Progress is told what is happening, a line now and then. nil tells nobody.
	Progress io.Writer
}

// MinLength is how long a run must be for its deck of faults to make sense.
const MinLength = 5 * time.Second

// fewestPrompts are enough for some of each sort.
const fewestPrompts = 8

func (cfg Config) withDefaults() (Config, error) {
	if cfg.Length == 0 {
		cfg.Length = time.Minute
	}
	if cfg.Prompts == 0 {
		cfg.Prompts = 5000
	}
	if cfg.Readers == 0 {
		cfg.Readers = 64
	}
	if cfg.Progress == nil {
		cfg.Progress = io.Discard
	}
	var problems []error
	if cfg.Length < MinLength {
		problems = append(problems, fmt.Errorf("soak: the length is %v; want %v or more, or 0 for a minute", cfg.Length, MinLength))
	}
	if cfg.Prompts < fewestPrompts {
		problems = append(problems, fmt.Errorf("soak: %d prompts; want %d or more, or 0 for 5,000", cfg.Prompts, fewestPrompts))
	}
	if cfg.Readers < 1 {
		problems = append(problems, fmt.Errorf("soak: %d readers; want 1 or more, or 0 for 64", cfg.Readers))
	}
	return cfg, errors.Join(problems...)
}

// How the caches and their sources are set. The times are short, so that a
// minute sees what otherwise takes a day.
const (
	ttl             = 10 * time.Second
	ttlLow          = 8 * time.Second // Configure moves it between these
	maxStale        = 6 * time.Second // of the Langfuse cache; LangSmith's has none
	interval        = time.Second
	fetchTimeout    = time.Second
	attemptTimeout  = 600 * time.Millisecond
	retries         = 1
	backoffMin      = 100 * time.Millisecond
	backoffMax      = 4 * time.Second
	maxRetryAfter   = 3 * time.Second
	negativeTTL     = time.Second
	concurrency     = 16
	downAfter       = 3
	maxBody         = 128 << 10
	maxConns        = 128 // of one HTTP client
	maxIdleConns    = 32
	editors         = 2               // for each registry
	scheduleLate    = 2 * time.Second // how late a goroutine may run on a busy machine before it counts
	convergeSlack   = 5 * time.Second // for the requests themselves
	settle          = 3 * time.Second // after which what the calm leaves behind must be gone
	heapPerEdit     = 6 << 10         // a commit in a fake registry, and what is known of it
	heapAllowance   = 24 << 20
	goroutineMargin = 40
)
