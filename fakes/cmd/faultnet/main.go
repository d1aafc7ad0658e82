// Command faultnet runs a TCP proxy that breaks connections on purpose, for
// tests and demos that are not written in Go:
//
//	$ go run ./fakes/cmd/faultnet -target 127.0.0.1:43121 -fault latency,delay=50ms,jitter=10ms
//	listening on http://127.0.0.1:40009
//
// That line is the first one on standard output, and says that the proxy is
// ready. It serves until SIGINT or SIGTERM. Any protocol over TCP will do: the
// URL is there for those who need HTTP. Package fakes/faultnet says what the
// faults do.
//
// -h lists the flags.
package main

import "github.com/promptcache/promptcache-go/fakes/internal/fakecmd"

func main() { command().Main() }

func command() fakecmd.Command {
	var opts options
	return fakecmd.Command{Name: "faultnet", Usage: usage, Flags: opts.flags, Open: opts.open}
}
