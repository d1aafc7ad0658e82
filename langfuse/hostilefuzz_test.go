package langfuse_test

import (
	"testing"

	"github.com/promptcache/promptcache-go/internal/httpsource/sourcetest"
)

// FuzzWire has a server send any bytes at all.
func FuzzWire(f *testing.F) { sourcetest.FuzzWire(f, victim) }
