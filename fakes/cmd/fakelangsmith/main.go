// Command fakelangsmith runs a fake LangSmith prompt registry for tests and
// demos that are not written in Go:
//
//	$ go run ./fakes/cmd/fakelangsmith -addr 127.0.0.1:0
//	listening on http://127.0.0.1:43121
//
// That line is the first one on standard output, and says that the server is
// ready. Everything else goes to standard error. It serves until SIGINT or
// SIGTERM. Point a client at the URL with the key lsv2_fake_key.
//
// The endpoints below /_fake/ push prompts, move tags, inject faults and list
// the requests; the documentation of Server.ServeHTTP in package fakes/langsmith
// lists them. They have no authentication, so the server listens on loopback
// addresses only, unless -allow-remote says that everybody who reaches it may
// drive it.
//
// -h lists the flags.
package main

import "github.com/promptcache/promptcache-go/fakes/internal/fakecmd"

func main() { command().Main() }

func command() fakecmd.Command {
	var opts options
	return fakecmd.Command{Name: "fakelangsmith", Usage: usage, Flags: opts.flags, Open: opts.open}
}
