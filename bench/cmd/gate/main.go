// Command gate fails if a hit takes more, beside otter and beside a bare
// concurrent map, than package gate allows.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/promptcache/promptcache-go/bench/gate"
	"github.com/promptcache/promptcache-go/bench/suite"
)

func main() {
	const attempts = 4
	settings := suite.Settings{Rounds: 15, Time: 10 * time.Millisecond, Largest: 1_000}
	if err := gate.Run(context.Background(), os.Stdout, suite.Standings, settings, gate.Today(), attempts); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "the hot path is slower than it may be")
		os.Exit(1)
	}
}
