package observability_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// binaries in the environment is the directory of prometheus and promtool,
	// which scripts/prometheus prints. Without it what needs them is not tested.
	binaries = "PROMPTCACHE_PROMETHEUS"
	// patience is how long all queries together may take to bring something: two
	// of load's cycles.
	patience = 45 * time.Second
)

// tool returns the path of a program of Prometheus's.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv(binaries)
	if dir == "" {
		t.Skipf("SKIPPED: rules and queries are not tried with Prometheus: %s is not set; make observability does it", binaries)
	}
	path := filepath.Join(dir, name)
	require.FileExists(t, path)
	return path
}

func TestPromtoolAcceptsTheRules(t *testing.T) {
	for _, arguments := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		out, err := exec.CommandContext(t.Context(), tool(t, "promtool"), arguments...).CombinedOutput()
		require.NoError(t, err, "promtool %s:\n%s", strings.Join(arguments, " "), out)
		require.Contains(t, string(out), "SUCCESS")
	}
}

// run starts a program and returns what follows in the first line of its output
// that prefix stands in. The program is asked to end with the test, and killed
// if it does not.
func run(t *testing.T, output func(*exec.Cmd) (io.ReadCloser, error), prefix *regexp.Regexp, path string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, arguments...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second // then it is killed
	pipe, err := output(command)
	require.NoError(t, err)
	require.NoError(t, command.Start())
	found, ended := make(chan string, 1), make(chan struct{})
	var last string // valid once ended is closed
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			last = lines.Text()
			if m := prefix.FindStringSubmatch(last); m != nil && len(found) == 0 {
				found <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = command.Wait() // it was ended by a signal
	})
	select {
	case value := <-found:
		return value
	case <-ended:
		require.Fail(t, "it has ended", "%s, with %q", path, last)
	case <-time.After(20 * time.Second):
		require.Fail(t, "it does not say where it listens", path)
	}
	return ""
}

func stdout(c *exec.Cmd) (io.ReadCloser, error) { return c.StdoutPipe() }
func stderr(c *exec.Cmd) (io.ReadCloser, error) { return c.StderrPipe() }

// observe starts load, and a Prometheus with the rules that scrapes it every
// second, and returns that one's address.
func observe(t *testing.T) string {
	t.Helper()
	prometheus, dir := tool(t, "prometheus"), t.TempDir()
	load := filepath.Join(dir, "load")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", load, "./load").CombinedOutput()
	require.NoError(t, err, string(out))
	target := run(t, stdout, regexp.MustCompile(`^http://(.+)/metrics$`), load)

	rules, err := filepath.Abs("rules.yml")
	require.NoError(t, err)
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: load
    static_configs: [{targets: [%q]}]
`, rules, target)), 0o600))
	address := run(t, stderr, regexp.MustCompile(`msg="Listening on" address=(\S+)`), prometheus,
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	return "http://" + address
}

// sample is a value of an instant query's answer.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// number returns the sample's value.
func (s sample) number() float64 {
	text, _ := s.Value[1].(string)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return value
}

// ask makes an instant query now.
func ask(ctx context.Context, client *http.Client, prometheus, expr string) ([]sample, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, prometheus+"/api/v1/query?query="+url.QueryEscape(expr), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if response.StatusCode == http.StatusServiceUnavailable {
		return nil, nil // it is starting
	}
	var answer struct {
		Status, Error string
		Data          struct{ Result []sample }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return answer.Data.Result, nil
}

// tells reports whether something is told: a number that is not 0.
func tells(samples []sample) bool {
	for _, s := range samples {
		if v := s.number(); v != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return true
		}
	}
	return false
}

// Every query of queries.md brings something other than 0 at some moment of good
// times and bad, and so does what is said of states; the alert of an outage is
// about to fire in one.
func TestEveryQueryBringsSomething(t *testing.T) {
	prometheus := observe(t)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	waiting := make(map[string]string) // what each query is for
	for _, q := range queries(t) {
		waiting[q.expr] = q.what
	}
	for _, expr := range []string{
		`ALERTS{alertname="PromptCacheRegistryDown", alertstate="pending"}`,
		`promptcache_domain_state{state="healthy"} == 1`,
		`promptcache_domain_state{state="degraded"} == 1`,
		`promptcache_domain_state{state="down"} == 1`,
		// back after an outage
		`promptcache_domain_state{state="healthy"} == 1 and ignoring (state) max_over_time(promptcache_domain_state{state="down"}[1m]) == 1`,
		`promptcache_fetch_duration_seconds_count{outcome="unavailable"}`,
		`promptcache_fetch_duration_seconds_count{outcome="not_found"}`,
		`promptcache_fetch_duration_seconds_count{outcome="invalid"}`,
		`promptcache_fetch_duration_seconds_count{outcome="unchanged"}`,
	} {
		waiting[expr] = "what load is for"
	}
	began, number := time.Now(), len(waiting)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for len(waiting) > 0 && ctx.Err() == nil {
		for expr := range waiting {
			samples, err := ask(ctx, client, prometheus, expr)
			if ctx.Err() != nil {
				break
			}
			require.NoError(t, err, expr)
			if tells(samples) {
				delete(waiting, expr)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	for expr, what := range waiting {
		t.Errorf("brings nothing in %v: %s\n%s", patience, what, expr)
	}
	t.Logf("%d queries told something within %v", number-len(waiting), time.Since(began).Round(time.Second))
}
