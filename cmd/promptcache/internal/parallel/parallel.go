// Package parallel does many things at once, and hands over what came of them in
// order.
package parallel

import "sync"

// Each calls do for each of items, for no more than limit of them at once, and
// then with what do returned: in the order of items, from the calling goroutine,
// each as soon as those before it are done. It returns when all have been handed
// over.
func Each[T, R any](limit int, items []T, do func(T) R, then func(T, R)) {
	results := make([]chan R, len(items))
	next := make(chan int, len(items))
	for i := range items {
		results[i] = make(chan R, 1)
		next <- i
	}
	close(next)
	var workers sync.WaitGroup
	for range min(max(limit, 1), len(items)) {
		workers.Go(func() {
			for i := range next {
				results[i] <- do(items[i])
			}
		})
	}
	for i, item := range items {
		then(item, <-results[i])
	}
	workers.Wait()
}
