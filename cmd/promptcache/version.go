package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version returns the version that this program was built as, and with what.
func version() string {
	built := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		built = info.Main.Version
	}
	return fmt.Sprintf("%s (%s, %s/%s)", built, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
