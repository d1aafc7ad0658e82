//go:build unix

package promptcache

import (
	"io/fs"
	"syscall"
)

// nonblocking makes opening a named pipe return at once, whoever is at its other
// end. It means nothing to regular files.
const nonblocking = syscall.O_NONBLOCK

// ownerOf returns the id of the user to whom a file belongs.
func ownerOf(info fs.FileInfo) (int, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
