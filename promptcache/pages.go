package promptcache

const (
	pageSize = 1024 // the items of a page
	pageMin  = 8    // those of the first one to begin with
)

// pages is an array that grows and shrinks by pages, so that no change costs more
// than one of them, however many items there are.
type pages[T any] struct {
	list [][]T
	n    int // items
}

// at returns the i-th item's place.
func (p *pages[T]) at(i int) *T { return &p.list[uint(i)/pageSize][uint(i)%pageSize] }

// push adds an item at the end.
func (p *pages[T]) push(x T) {
	switch pages := len(p.list); {
	case pages == 0:
		p.list = append(p.list, make([]T, pageMin))
	case pages == 1 && p.n == len(p.list[0]) && p.n < pageSize:
		wider := make([]T, 2*p.n)
		copy(wider, p.list[0])
		p.list[0] = wider
	case p.n == pages*pageSize:
		p.list = append(p.list, make([]T, pageSize))
	}
	*p.at(p.n) = x
	p.n++
}

// pop removes the last item and returns it.
func (p *pages[T]) pop() T {
	p.n--
	at := p.at(p.n)
	x := *at
	var none T
	*at = none
	if last := len(p.list) - 1; last > 0 && p.n <= (last-1)*pageSize { // one that is empty stays, for the next push
		p.list[last] = nil
		p.list = p.list[:last]
	}
	return x
}
