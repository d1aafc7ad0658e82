package demo

import (
	"os"
	"os/exec"
	"syscall"
)

// withoutNetwork has a command start in a network namespace of its own, in which
// there is nothing, not even a loopback interface that is up; an ordinary user may
// do that in a user namespace. It reports whether the system knows such a thing:
// it may still refuse it when the command starts.
func withoutNetwork(command *exec.Cmd) bool {
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	return true
}
