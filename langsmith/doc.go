// Package langsmith fetches prompts from a LangSmith registry, for a
// [promptcache.PromptCache] to hold. It speaks the registry's HTTP API with
// net/http alone.
//
// # Model
//
// A [Source] is one workspace of one registry. Its Fetch gets a [PromptCommit],
// one version of a prompt, as the registry has it: the manifest stays raw JSON,
// and [PromptCommit.Prompt] reads it into a prompt.Prompt, ready to compile.
// A PromptCommit cannot be changed, so all readers share it. [NewCache] puts a
// cache over a Source; [Source.ListPrompts] says what there is to fetch.
//
// # Keys
//
// A key is an identifier as LangSmith's SDKs write it, [owner/]name[:version],
// with "?model" at its end if the model that is configured with the prompt is
// wanted too; [ParseRef] has the grammar. The spellings of one prompt ("al",
// "al:latest", "-/al") have one [Canonical] key, the shortest. A key that cannot
// name a prompt fails before any request.
//
// A version may be a commit hash, the beginning of one, a tag or "latest". Only
// a full hash (40 or 64 hex digits) names the same content for ever, and only
// then is the answer's hash compared with it: anything shorter could be a tag.
//
// # Errors
//
// Every failure of Fetch is a [promptcache.FetchError] whose text says what was
// asked, what came back and what to do. It quotes at most 200 characters of what
// a server sent, without control characters and credentials.
//
//	ErrInvalid       the key cannot name a prompt; 400 and 422; an answer of the
//	                 registry that is malformed, larger than MaxBodyBytes or
//	                 another commit than the one asked for
//	ErrForbidden     403; a public prompt without Config.AllowPublic, also
//	                 ErrPublicPrompt, with no request made
//	ErrUnauthorized  401
//	ErrNotFound      a 404 with a JSON object that has a detail or an error:
//	                 the registry's own word
//	ErrConflict      409
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
// # Security
//
// Credentials go to the configured endpoint and nowhere else: a redirect to
// another host, scheme, port or to a path outside the endpoint's is an error,
// and every part of an identifier is one escaped segment of the path. Plain
// http is refused but for loopback addresses. Credentials are held as a
// [Secret], which shows masked in whatever prints or logs it. Answers are
// bounded in size.
//
// A manifest is executable configuration, so a prompt of a named owner is
// refused unless Config.AllowPublic is set.
//
// # Testing
//
// Give Config an HTTPClient, or the Endpoint of an [net/http/httptest.Server]:
// loopback needs no TLS. Config.Getenv keeps the developer's environment out of
// a test. A PromptCommit for a test or a fallback is decoded from JSON.
package langsmith
