package promptcache

// chain is first in, first out. No step costs more than one link, however long
// it is. The zero chain is empty; copying one moves it.
type chain[T any] struct {
	first, last *link[T]
	len         int
}

// link is a part of a chain.
type link[T any] struct {
	items    [chunk]T
	from, to int // where the first item stands, and where the next one would
	next     *link[T]
}

// push adds x at the end.
func (c *chain[T]) push(x T) {
	if c.last == nil || c.last.to == chunk {
		l := &link[T]{}
		if c.last == nil {
			c.first = l
		} else {
			c.last.next = l
		}
		c.last = l
	}
	c.last.items[c.last.to] = x
	c.last.to++
	c.len++
}

// pop takes out the first one, if there is one.
func (c *chain[T]) pop() (x T, ok bool) {
	if c.len == 0 {
		return x, false
	}
	l := c.first
	var none T
	x, l.items[l.from] = l.items[l.from], none
	l.from++
	c.len--
	switch {
	case c.len == 0:
		*c = chain[T]{}
	case l.from == chunk:
		c.first = l.next
	}
	return x, true
}

// slice returns all of them, in order.
func (c *chain[T]) slice() []T {
	all := make([]T, 0, c.len)
	for l := c.first; l != nil; l = l.next {
		all = append(all, l.items[l.from:l.to]...)
	}
	return all
}
