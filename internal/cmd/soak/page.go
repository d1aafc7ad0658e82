package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/promptcache/promptcache-go/internal/soak"
)

// What lies between these lines of a page is written by this command.
const (
	reportBegin = "<!-- report: begin, written by make reliability -->\n"
	reportEnd   = "<!-- report: end -->\n"
)

// writePage puts the report that lies at jsonPath into the page.
func writePage(jsonPath, pagePath string) error {
	data, err := os.ReadFile(jsonPath) //nolint:gosec // the user's choice
	if err != nil {
		return err
	}
	var report soak.Report
	if err := json.Unmarshal(data, &report); err != nil {
		return fmt.Errorf("%s: %w", jsonPath, err)
	}
	page, err := os.ReadFile(pagePath) //nolint:gosec // the user's choice
	if err != nil {
		return err
	}
	if page, err = insert(page, &report); err != nil {
		return fmt.Errorf("%s: %w", pagePath, err)
	}
	return os.WriteFile(pagePath, page, 0o644) //nolint:gosec // documentation, for all to read
}

// insert returns the page with the report in its place.
func insert(page []byte, report *soak.Report) ([]byte, error) {
	before, rest, begins := bytes.Cut(page, []byte(reportBegin))
	_, after, ends := bytes.Cut(rest, []byte(reportEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("no place for the report; want the lines %q and %q", reportBegin, reportEnd)
	}
	var section bytes.Buffer
	section.WriteString("\n")
	err := report.WriteMarkdown(&section)
	section.WriteString("\n")
	return bytes.Join([][]byte{before, []byte(reportBegin), section.Bytes(), []byte(reportEnd), after}, nil), err
}

// errPageNeedsJSON is the misuse of -page.
var errPageNeedsJSON = errors.New("-page shows what -json names; give both")
