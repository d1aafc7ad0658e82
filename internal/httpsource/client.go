package httpsource

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/promptcache/promptcache-go/promptcache"
)

// Client asks one registry. It holds no state of its own and starts nothing.
// All methods are safe for concurrent use.
type Client struct {
	endpoint  Endpoint
	http      *http.Client
	userAgent string
	authorize func(http.Header)
	secrets   []Secret
	judge     func(Complaint) Verdict

	retries                int
	attemptTimeout         time.Duration
	backoffMin, backoffMax time.Duration
	maxBodyBytes           int64
}

// NewClient returns a Client for what cfg says, or all that is wrong with it
// and, in problems, with the rest of the source's Config. The errors show no
// credential.
//
// It follows three redirects at most, and none that leaves the endpoint: another
// host, scheme, port, or a path that is not below the endpoint's.
func NewClient(cfg Config, problems ...error) (*Client, error) {
	cfg = cfg.withDefaults()
	endpoint, err := parseEndpoint(cfg.Endpoint, cfg.APIPaths, cfg.AllowInsecure)
	problems = append([]error{err}, append(problems, cfg.validate()...)...)
	if err := Problems(cfg.Registry, problems...); err != nil {
		return nil, err
	}
	return &Client{
		endpoint:       endpoint,
		http:           confined(cfg.HTTPClient, endpoint),
		userAgent:      cfg.UserAgent,
		authorize:      cfg.Authorize,
		secrets:        cfg.Secrets,
		judge:          cfg.Judge,
		retries:        *cfg.Retries,
		attemptTimeout: cfg.AttemptTimeout,
		backoffMin:     cfg.BackoffMin,
		backoffMax:     cfg.BackoffMax,
		maxBodyBytes:   cfg.MaxBodyBytes,
	}, nil
}

// Endpoint returns where the Client's requests go.
func (c *Client) Endpoint() Endpoint { return c.endpoint }

// Request is what to ask for.
type Request struct {
	Key  string   // what the error calls it
	URL  *url.URL // from Endpoint.URL
	ETag string   // of what is there already; "" asks unconditionally
}

// Answer is what a registry answered with status 200.
type Answer struct {
	Body []byte // JSON if it is what its type declares; not checked to be well-formed
	ETag string // "" if there is none that could be sent back
}

// Get asks for r until there is an answer that another attempt would not
// change, or no time for one, and returns what read makes of it. What read
// rejects is an error of promptcache.KindInvalid.
//
// The error is promptcache.ErrNotModified, if the registry says so of r.ETag, or
// a *promptcache.FetchError.
func Get[T any](ctx context.Context, c *Client, r Request, read func(Answer) (T, error)) (T, error) {
	var out T
	fail := c.persist(ctx, r, func(a Answer) (err error) {
		out, err = read(a)
		return err
	})
	if fail == nil {
		return out, nil
	}
	var zero T
	if fail.notModified {
		return zero, promptcache.ErrNotModified
	}
	return zero, fail.asFetchError(r.Key)
}
