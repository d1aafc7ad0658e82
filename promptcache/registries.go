package promptcache

// maxRegistries is how many Domains are remembered of which nothing is cached
// or under way. There are a handful; more would be somebody making them up.
const maxRegistries = 1024

// registries are all that the cache knows. Those who go through them look at a
// few at a time, for a Domain function may have one for each prompt.
type registries[V any] struct {
	byDomain map[string]*registry[V]
	list     []*registry[V] // in no order
	swept    int            // the place of the last one that was looked at to be forgotten

	roused int // how many are left of the tour of rouse
}

func (s *registries[V]) init() { s.byDomain = make(map[string]*registry[V]) }

func (s *registries[V]) add(r *registry[V]) {
	r.place = len(s.list)
	s.list = append(s.list, r)
	s.byDomain[r.domain] = r
}

func (s *registries[V]) remove(r *registry[V]) {
	last := len(s.list) - 1
	moved := s.list[last]
	s.list[r.place], moved.place = moved, r.place
	s.list[last] = nil
	s.list = s.list[:last]
	delete(s.byDomain, r.domain)
}

// tour shows registries to do, until all were shown since left was 0, or a few
// were. do takes from few what it does, and reports whether it has done all. What
// comes last in the list is shown first, so that one that takes the place of
// another that goes was shown, or will be.
func (s *registries[V]) tour(left *int, do func(r *registry[V], few *int) (done bool)) (more bool) {
	if *left == 0 {
		*left = len(s.list)
	}
	few := chunk
	for *left = min(*left, len(s.list)); *left > 0; *left-- {
		if few--; few < 0 || !do(s.list[*left-1], &few) {
			return true
		}
	}
	return false
}

// eachRegistry calls do under the lock, which it lets go of after every few, with
// every registry, in no order. One that is there all the time may be met twice.
func (c *PromptCache[V]) eachRegistry(do func(r *registry[V])) {
	left := 0
	for more := true; more; {
		c.mu.Lock()
		more = c.registries.tour(&left, func(r *registry[V], _ *int) bool {
			do(r)
			return true
		})
		c.unlock()
	}
}

// registryLocked returns what is known of a Domain, as of now if it is new.
func (c *PromptCache[V]) registryLocked(domain string) *registry[V] {
	if r := c.registries.byDomain[domain]; r != nil {
		return r
	}
	c.forgetRegistriesLocked()
	r := &registry[V]{domain: domain, state: StateStarting, since: c.time.clock.Now(), missing: missing{began: never}}
	c.registries.add(r)
	return r
}

// forgetRegistriesLocked looks whether a few of the registries can be forgotten,
// if there are too many.
func (c *PromptCache[V]) forgetRegistriesLocked() {
	s := &c.registries
	if len(s.list) < maxRegistries {
		return
	}
	for range chunk {
		s.swept = (s.swept + 1) % len(s.list)
		if r := s.list[s.swept]; r.entries == 0 && r.flights == 0 {
			c.forgetRegistryLocked(r)
		}
	}
}

func (c *PromptCache[V]) forgetRegistryLocked(r *registry[V]) {
	if r.down {
		c.health.down--
	}
	if r.held {
		c.health.held--
	}
	c.registries.remove(r)
}
