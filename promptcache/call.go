package promptcache

// maxCalls is how many calls of readers may wait for the refresher. Who finds no
// room takes the mutex instead.
const maxCalls = 256

// tell tells the refresher that a reader found e stale, without the mutex. Whoever
// takes isCalling away tells it; hear sees to it that e has it back if there was
// nothing to tell. It reports whether that is done.
func (c *PromptCache[V]) tell(e *entry[V]) bool {
	if e.drop(isCalling)&isCalling == 0 {
		return true // another reader has
	}
	select {
	case c.calls <- e:
		return true
	default:
		e.set(isCalling)
		return false
	}
}

// hear takes the call about e, and some of those that wait.
func (r *refresher[V]) hear(e *entry[V]) {
	r.c.mu.Lock()
	defer r.c.unlock()
	for range chunk {
		r.hearLocked(e)
		select {
		case e = <-r.c.calls:
		default:
			return
		}
	}
	r.hearLocked(e)
}

func (r *refresher[V]) hearLocked(e *entry[V]) {
	switch {
	case e.is(isGone):
	case e.is(isStale) && r.running():
		r.c.wakeLocked(e)
	default:
		e.sleep()
	}
}

// hearWaiting takes some of the calls that wait, if there are any.
func (r *refresher[V]) hearWaiting() {
	select {
	case e := <-r.c.calls:
		r.hear(e)
	default:
	}
}
