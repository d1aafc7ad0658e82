// Package sdktest_test holds the fakes, our sources and our templates against
// the official SDKs for JavaScript: the fakes answer as these expect, our sources
// take the same prompts from the same requests, and our templates compile to the
// same.
package sdktest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOfficialSDKs runs the scripts' own tests against the fakes.
func TestOfficialSDKs(t *testing.T) {
	env := []string{
		"FAKELANGSMITH_URL=" + startLangSmith(t).URL(), "FAKELANGFUSE_URL=" + startLangfuse(t).URL(),
		"LANGFUSE_PUBLIC_KEY=pk-lf-of-this-machine", // which must not be read
	}
	stdout, err := run(t, "", env, "--test")
	require.NoError(t, err, stdout)
	require.Contains(t, stdout, "\n# fail 0\n")
	require.Regexp(t, `\n# pass [1-9]\d+\n`, stdout, "the tests were found")
}
