// Package fakelangsmith is a LangSmith prompt registry for tests and demos: a
// real HTTP server, in this process, that answers the requests by which
// LangSmith's SDKs pull and list prompts, and that fails in every way a
// registry can.
//
//	fake, err := fakelangsmith.Start(fakelangsmith.Config{})
//	if err != nil {
//		return err
//	}
//	defer fake.Close()
//	fake.PushText("greeting", "Hello {name}")
//	// point a client at fake.URL() with the key fakelangsmith.DefaultKey
//
// The package imports only the standard library, and its import path ends in
// fakes/langsmith: the name differs so that a test can import it beside the
// client under test.
//
// # Model
//
// A prompt belongs to a workspace, which is named by its handle, and is written
// "name" (in the server's first workspace) or "owner/name" everywhere in this
// package. It is a list of commits, oldest first, each with a hash (SHA-256 of
// its content and its parent, so the same pushes give the same hashes in every
// run), and a set of tags. A client asks for a commit by hash, by a prefix of
// at least eight hexadecimal characters, by tag, or as "latest". A text of
// eight characters or more is read as a hash first and as a tag second; a
// shorter one is a tag.
//
// # Endpoints
//
// Every path is answered below the root, below /api and below /api/v1, because
// the official SDKs disagree about the base:
//
//	GET /commits/{owner}/{name}/{commit}   one commit; ?include_model=true or ?include=model for the model too
//	GET /commits/{owner}/{name}            all commits, newest first; ?limit, ?offset
//	GET /repos                             the prompts; ?limit, ?offset, ?is_public, ?is_archived, ?query, ?sort_direction
//	GET /repos/{owner}/{name}              one prompt, without its content
//	GET /settings                          the caller's workspace
//	GET /info                              the server's version, without authentication
//
// The owner "-" is the caller's workspace. Bodies are as the SDKs read them; no
// live LangSmith was asked, so the text of an error message is this package's
// own, and only its status and its shape may be relied on.
//
// # Authentication
//
// A request needs x-api-key or Authorization: Bearer with one of [Config].Keys:
// 401 otherwise. A key that belongs to no workspace is organization-scoped, and
// needs X-Tenant-Id: 403 without it. Another workspace's private prompt is a
// 404, like one that does not exist; its public one is served.
//
// # Faults
//
// Server.Inject adds a [Fault]: latency, a status, a hang, a cut connection,
// a body that is garbage, HTML, truncated, huge or slow; for all requests or
// one prompt's, for a number of requests or until removed. Server.Down
// refuses connections and Server.Up accepts them again, on the same port.
//
// # Observation
//
// Server.Requests lists what was asked, without credentials. Server.Count,
// Server.CountFor, Server.InFlight and Server.MaxInFlight are the
// numbers; Server.WaitRequests and Server.WaitIdle wait for them, so that a
// test never has to sleep.
//
// # Concurrency
//
// All methods of Server may be called from any goroutine at any time. A change
// is visible to every request that arrives after the method returned.
//
// # Shutdown
//
// Server.Close ends the listener, the connections and the handlers, hanging
// ones included, and returns when they are gone. No goroutine outlives it.
package fakelangsmith
