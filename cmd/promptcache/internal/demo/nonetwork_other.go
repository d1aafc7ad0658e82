//go:build !linux

package demo

import "os/exec"

// withoutNetwork reports that nothing is known here with which to take the
// network from a command.
func withoutNetwork(*exec.Cmd) bool { return false }
