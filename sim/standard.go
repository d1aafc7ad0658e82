package sim

import (
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Limits of the registry, as shares of the Need.
const (
	// Unlimited is no limit.
	Unlimited = 0
	// AboveNeed is half as much again as the fleet needs.
	AboveNeed = 1.5
	// BelowNeed is three quarters of what it needs.
	BelowNeed = 0.75
)

// Standard returns two hours of a fleet of so many instances with 20 prompts
// each, which are read every 10 seconds: all start at once, and after 40
// minutes the registry is down for 30. limit is the registry's limit as a share
// of [Scenario.Need].
func Standard(instances int, limit float64) Scenario {
	s := Scenario{
		Instances: instances,
		Prompts:   20,
		Duration:  2 * time.Hour,
		LoadGap:   5 * time.Millisecond,
		ReadGap:   10 * time.Second,
		Latency:   100 * time.Millisecond,
		Outages:   []Outage{{From: 40 * time.Minute, To: 70 * time.Minute}},
		Seed:      1,
	}
	s.Limit = int(limit * s.Need(*promptcache.DefaultConfig().TTL))
	return s
}

// Need returns how many requests a minute it takes to fetch each prompt once in
// each TTL.
func (s *Scenario) Need(ttl time.Duration) float64 {
	return float64(s.Instances*s.Prompts) * float64(time.Minute) / float64(ttl)
}

// Policies returns the three rules, with the same TTL and interval: the defaults
// of this module and of LangSmith's SDK. (Langfuse's default TTL is a minute.)
func Policies() []Policy {
	cfg := promptcache.DefaultConfig()
	return []Policy{
		Background{Config: cfg},
		SerialScan{TTL: *cfg.TTL, Interval: cfg.RefreshInterval},
		OnRead{TTL: *cfg.TTL},
	}
}
