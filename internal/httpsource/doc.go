// Package httpsource is what the sources over a registry's HTTP API have in
// common: it asks, again if that may help, and says what went wrong. What only
// one registry has (headers, the shapes of answers and errors, advice) stays in
// that registry's package.
//
// # Model
//
// A [Client] asks one [Endpoint], with GET and nothing else. [Get] makes one
// question of it: it brings what the caller's read makes of the answer, or
// promptcache.ErrNotModified, or a *promptcache.FetchError. [List] puts the
// pages of a list together.
//
// # Promises
//
//   - Credentials go below the endpoint and nowhere else; see [NewClient] on
//     redirects. No error shows one.
//   - Every wait ends with the context. No wait is begun that would outlast it.
//   - An answer is bounded in size, and is JSON or an error.
//   - The text of an error quotes at most 200 characters of what came from a
//     server, all of them printable.
//   - A status 404 is promptcache.KindNotFound only if the registry's package
//     says that the registry itself answered.
//   - A context that was canceled says nothing about the registry: such an error
//     has promptcache.KindUnknown.
package httpsource
