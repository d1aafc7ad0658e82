package langsmith

import "strings"

// fromEnv returns the first of LANGSMITH_name and LANGCHAIN_name that says
// something once it is stripped, and "" if neither does.
func fromEnv(getenv func(string) string, name string) string {
	for _, prefix := range []string{"LANGSMITH_", "LANGCHAIN_"} {
		if v := strip(getenv(prefix + name)); v != "" {
			return v
		}
	}
	return ""
}

// strip removes the blanks and quotes around a value, which .env files and
// container manifests leave there.
func strip(v string) string {
	return strings.Trim(v, " \t\r\n\"'")
}
