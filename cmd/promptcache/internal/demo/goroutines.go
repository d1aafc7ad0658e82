package demo

import (
	"runtime"
	"strings"
)

// ours are the packages whose goroutines must end with Stop and Shutdown.
var ours = []string{
	"github.com/promptcache/promptcache-go/promptcache.",
	"github.com/promptcache/promptcache-go/internal/httpsource.",
	"github.com/promptcache/promptcache-go/langsmith.",
	"github.com/promptcache/promptcache-go/langfuse.",
}

// goroutinesOfOurs returns the stacks of the goroutines that run code of the
// library, or were started by it.
func goroutinesOfOurs() []string {
	var found []string
	for stack := range strings.SplitSeq(allStacks(), "\n\n") {
		for _, pkg := range ours {
			if strings.Contains(stack, pkg) {
				found = append(found, stack)
				break
			}
		}
	}
	return found
}

func allStacks() string {
	for size := 1 << 20; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return string(buf[:n])
		}
	}
}
