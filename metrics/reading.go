package metrics

import (
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Cache is what is read. Every *promptcache.PromptCache is one.
type Cache interface {
	Metrics() promptcache.Metrics
	Status() promptcache.Status
	Config() promptcache.Config
}

// Reading is what a cache told at one time. Its counters are of one moment, and
// so are its gauges; that of the gauges is a moment earlier.
type Reading struct {
	Metrics promptcache.Metrics
	Status  promptcache.Status
	// MaxSize and TTL are Config's. TTL is nil offline.
	MaxSize int
	TTL     *time.Duration
}

// Read reads c. Status looks at every prompt, so once for each scrape.
func Read(c Cache) Reading {
	cfg := c.Config()
	r := Reading{Status: c.Status(), MaxSize: cfg.MaxSize, TTL: cfg.TTL}
	r.Metrics = c.Metrics()
	return r
}
