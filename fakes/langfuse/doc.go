// Package fakelangfuse is a Langfuse prompt registry for tests and demos: a real
// HTTP server, in this process, that answers the requests by which Langfuse's
// SDKs get, list, create, label and delete prompts, and that fails in every way
// a registry can.
//
//	fake, err := fakelangfuse.Start(fakelangfuse.Config{})
//	if err != nil {
//		return err
//	}
//	defer fake.Close()
//	fake.PushText("greeting", "Hello {{name}}")
//	// point a client at fake.URL() with the keys fakelangfuse.DefaultPublicKey
//	// and fakelangfuse.DefaultSecretKey
//
// The package imports only the standard library and what it shares with the
// other fakes, and its import path ends in fakes/langfuse: the name differs so
// that a test can import it beside the client under test.
//
// # Model
//
// A prompt belongs to a project, which is that of the caller's keys, and is
// written "name" (in the server's first project) or "project|name" everywhere
// in this package. A name may have folders, "folder/name". A prompt is a list of
// versions, counted from 1; all are texts or all are chats. A label belongs to
// one version at most: giving it to another takes it away. "latest" is always
// the newest version's. Tags belong to the prompt. A client asks for a version
// by number or by label; a request that names neither means the label
// "production".
//
// A prompt may be composed of text prompts of its project, by tags
// @@@langfusePrompt:name=X|version=1@@@ and @@@langfusePrompt:name=X|label=L@@@.
// What cannot be put together is a 409: a prompt that is missing or no text, one
// that leads back to itself or to another version of the one that was asked for,
// more than five levels. The API refuses to create such a prompt, and to delete
// what another needs; Push and Delete do it.
//
// # Endpoints
//
//	GET    /api/public/v2/prompts/{name}                       one version; ?version, ?label, ?resolve=false
//	DELETE /api/public/v2/prompts/{name}                       all, or ?version, ?label
//	PATCH  /api/public/v2/prompts/{name}/versions/{version}    {"newLabels"}: adds labels
//	GET    /api/public/v2/prompts                              the prompts; ?page, ?limit, ?name, ?version, ?label, ?tag, ?fromUpdatedAt, ?toUpdatedAt
//	POST   /api/public/v2/prompts                              a new version
//	GET    /api/public/projects                                the caller's project
//	GET    /api/public/health                                  the server's version, without authentication
//	POST   /api/public/ingestion, /api/public/otel/v1/traces   what the SDKs send beside; accepted and forgotten
//
// A name is one escaped segment of the path; its slashes may stand unescaped.
// Shapes, statuses and messages are those of the server's code, version 4.16.
// JSON answers have a strong ETag, and If-None-Match is answered with 304.
//
// # Authentication
//
// A request needs HTTP Basic authentication with one of [Config].Keys: 401
// otherwise. The public key alone (Authorization: Bearer) and organization-scoped
// keys are known and open no prompts: 403. Another project's prompt is a 404,
// like one that does not exist.
//
// # Limits
//
// [Server.SetRateLimit] limits the requests for prompts; one too many is a 429
// with Retry-After and the X-RateLimit headers. The count is all projects', and
// admits the whole number, where Langfuse's own servers refuse the last of it.
//
// # Webhooks
//
// [Server.SetWebhook] names a URL that gets a signed event for each version that
// changed; [Server.WaitWebhooks] waits for those on their way, and
// [Server.Deliveries] says what came of them.
//
// # Faults
//
// Server.Inject adds a [Fault]: latency, a status, a hang, a cut connection, a
// body that is garbage, HTML, truncated, huge or slow; for all requests or one
// prompt's, for a number of requests or until removed. Server.Down refuses
// connections and Server.Up accepts them again, on the same port.
//
// # Observation
//
// Server.Requests lists what was asked, without credentials. Server.Count,
// Server.CountFor, Server.InFlight and Server.MaxInFlight are the numbers;
// Server.WaitRequests and Server.WaitIdle wait for them, so that a test never has
// to sleep.
//
// # Concurrency
//
// All methods of Server may be called from any goroutine at any time. A change
// is visible to every request that arrives after the method returned.
//
// # Shutdown
//
// [Server.Close] ends the listener, the connections, the handlers, hanging ones
// included, and the deliveries, and returns when they are gone. No goroutine
// outlives it.
package fakelangfuse
