package fakecmd

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// parse reads the command line and returns where to listen. Help goes to
// stderr, and is flag.ErrHelp; all other problems are for the caller to print.
func (c Command) parse(args []string, stderr io.Writer) (addr string, err error) {
	var allowRemote bool
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are returned; only -h prints
	flags.StringVar(&addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT`; port 0 is a free one")
	flags.BoolVar(&allowRemote, "allow-remote", false, "permit an address that other hosts can reach; whoever reaches it may drive the server")
	c.Flags(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stderr)
			_, _ = io.WriteString(stderr, c.Usage)
			flags.PrintDefaults()
		}
		return "", err
	}
	if flags.NArg() > 0 {
		return "", fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if !allowRemote {
		if err := checkLoopback(addr); err != nil {
			return "", err
		}
	}
	return addr, nil
}

// checkLoopback refuses what other hosts might reach. A name other than
// localhost is refused unresolved: what it means can change.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("-addr %q: want HOST:PORT, such as 127.0.0.1:0", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("-addr %q can be reached by other hosts, and the server lets everybody drive it: use 127.0.0.1, or -allow-remote", addr)
}

// PromptFile is a prompt to begin with.
type PromptFile struct {
	Prompt, Path string
}

// PromptFiles is the value of a flag that may be repeated.
type PromptFiles []PromptFile

// Add reads PROMPT=FILE.
func (f *PromptFiles) Add(text string) error {
	prompt, path, _ := strings.Cut(text, "=")
	if prompt == "" || path == "" {
		return errors.New("want PROMPT=FILE")
	}
	*f = append(*f, PromptFile{Prompt: prompt, Path: path})
	return nil
}

// Push passes the content of each file to push.
func (f PromptFiles) Push(push func(file PromptFile, content []byte) error) error {
	for _, file := range f {
		content, err := os.ReadFile(file.Path)
		if err != nil {
			return fmt.Errorf("prompt %s: %w", file.Prompt, err)
		}
		if err := push(file, content); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return nil
}
