package promptcache

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEarly(t *testing.T) {
	require.Equal(t, notEarly, earlyBy(1))
	require.Equal(t, notEarly, drawEarly(0, true))
	require.Equal(t, notEarly, drawEarly(0, false))
	require.Equal(t, 5*time.Minute, notEarly.of(5*time.Minute))
	require.EqualValues(t, 0, earlyBy(0).of(time.Hour))
	for i := range 1001 {
		fraction := float64(i) / 1000
		require.InDelta(t, fraction, earlyBy(fraction).fraction(), 1.0/65535)
		require.LessOrEqual(t, earlyBy(fraction).fraction(), fraction, "never later than drawn")
	}
	for _, tt := range []struct {
		jitter, least float64
		first         bool
	}{{0.1, 0.9, false}, {0.1, 0.5, true}, {1, 0, false}, {1, 0.5, true}} {
		low, high := 1.0, 0.0
		for range 5000 {
			f := drawEarly(tt.jitter, tt.first).fraction()
			require.GreaterOrEqual(t, f, tt.least-1.0/65535)
			low, high = min(low, f), max(high, f)
		}
		require.InDelta(t, tt.least, low, 0.01, "all of the range is drawn from")
		require.InDelta(t, 1, high, 0.01)
	}
}
