// Command gate fails if a hit takes more, beside otter and beside bare concurrent
// maps, than the gates of package target allow.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/promptcache/promptcache-go/bench/gate"
	"github.com/promptcache/promptcache-go/bench/suite"
	"github.com/promptcache/promptcache-go/bench/target"
)

func main() {
	const (
		attempts = 5
		longest  = 40 * time.Second // a machine that is so busy says nothing
	)
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	settings := suite.Settings{Rounds: 15, Time: 10 * time.Millisecond, Largest: 1_000}
	err := gate.Run(ctx, os.Stdout, suite.Standings, settings, target.All(), attempts)
	cancel()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "the hot path is slower than it may be:\n%v\n", err)
		os.Exit(1)
	}
}
