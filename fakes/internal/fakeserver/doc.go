// Package fakeserver is what the fakes of prompt registries have in common: a
// listener that goes down and comes up again, a record of the requests, faults
// that spoil answers, and endpoints by which another process drives them. What
// a registry answers stays in that registry's fake.
//
// # Model
//
// A fake embeds a [Base], whose methods become part of its own. It routes its
// requests through [Endpoint], which records each and lets the faults have
// their way with the true answer, a [Response] that is whole before any of it is
// sent; and its admin requests through [AdminRoutes].
//
// # Concurrency
//
// All methods of Base may be called from any goroutine at any time. A change is
// visible to every request that arrives after the method returned.
//
// # Shutdown
//
// [Base.Close] ends the listener, the connections and the handlers, hanging
// ones included, and returns when they are gone. No goroutine outlives it.
package fakeserver
