// Package langfuse fetches prompts from a Langfuse registry, for a
// [promptcache.PromptCache] to hold. It speaks the registry's HTTP API with
// net/http alone.
//
// # Model
//
// A [Source] is one project of one registry: that of its keys. Its Fetch gets a
// [Prompt], one version of a text or chat prompt, as the registry has it:
// config and what a message has besides its role and content stay raw JSON. A
// Prompt cannot be changed, so all readers share it; its method Prompt makes it
// ready to compile. [NewCache] puts a cache over a Source; [Source.ListPrompts]
// says what there is to fetch.
//
// # Keys
//
// A key is a name, alone or with a label or a version:
//
//	greeting            the version that is labeled "production"
//	greeting@staging    the version that is labeled "staging"
//	greeting#3          version 3
//	greeting@3          the version that is labeled "3"
//	mails/bye@latest    a prompt in the folder "mails"
//	C# tutor@production a name with an @ or a # in it
//
// The last "@" or "#" is where the name ends, so nothing needs quotes or
// escapes: a name that has one of them itself is written with its label, also if
// that is "production". [ParseRef] has the grammar. The spellings of one prompt
// ("greeting", "greeting@production") have one [Canonical] key, the shortest. A
// key that cannot name a prompt fails before any request.
//
// # Errors
//
// Every failure of Fetch is a [promptcache.FetchError] whose text says what was
// asked, what came back and what to do. It quotes at most 200 characters of what
// a server sent, without control characters and credentials.
//
//	ErrInvalid       the key cannot name a prompt; 400 and 422; an answer of the
//	                 registry that is malformed, larger than MaxBodyBytes or
//	                 another prompt than the one asked for
//	ErrUnauthorized  401
//	ErrForbidden     403
//	ErrNotFound      a 404 with the registry's own LangfuseNotFoundError
//	ErrConflict      409: the prompt is composed of others that do not fit
//	ErrRateLimited   429, with FetchError.RetryAfter if the registry named a time
//	ErrUnavailable   any other 404, a page in place of JSON, a redirect that was
//	                 not followed, any other status, network failures, timeouts
//
// Network failures, 408, 425, 429 and 5xx are asked again, Config.Retries times.
// A wait that would outlast the context, or a Retry-After longer than
// Config.BackoffMax, is not begun: the error comes back at once, and the cache's
// own backoff takes over. A context that was canceled says nothing about the
// registry; that error has promptcache.KindUnknown and wraps context.Canceled.
//
// # Conditional requests
//
// A Prompt remembers the ETag that it came with. A cache that refreshes it
// fetches with If-None-Match, and an answer 304, which has no body, makes Fetch
// return [promptcache.ErrNotModified].
//
// # Security
//
// Keys go to the configured endpoint and nowhere else: a redirect to another
// host, scheme, port or to a path outside the endpoint's is an error, and a name
// is one escaped segment of the path, its slashes included. Plain http is
// refused but for loopback addresses. The secret key is held as a [Secret],
// which shows masked in whatever prints or logs it. Answers are bounded in size.
//
// # Testing
//
// Give Config an HTTPClient, or the Endpoint of an [net/http/httptest.Server]:
// loopback needs no TLS. Config.Getenv keeps the developer's environment out of
// a test. A Prompt for a test or a fallback is decoded from JSON.
package langfuse
