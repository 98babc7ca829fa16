package gostd

import (
	"regexp"
	"slices"
	"strings"
)

// outcome is what the tests of a package did.
type outcome struct {
	output string // of both streams
	exit   int
}

// statusLine is one that package testing wrote: with -test.v=test2json it begins with
// a character that tests do not print, and tests inside of others are not indented.
var statusLine = regexp.MustCompile(`(?m)\x16--- (PASS|SKIP|FAIL): (\S+)`)

// lastLine is what package testing writes last.
var lastLine = regexp.MustCompile(`(?m)\x16(PASS|FAIL)$`)

// crashed stands for a run that ends otherwise than by its tests.
const crashed = "(crash)"

// result counts the tests of an outcome, without those inside of others.
func (o outcome) result() result {
	var r result
	for _, match := range statusLine.FindAllStringSubmatch(o.output, -1) {
		if strings.Contains(match[2], "/") {
			continue
		}
		switch match[1] {
		case "PASS":
			r.Passed++
		case "SKIP":
			r.Skipped++
		case "FAIL":
			r.Failed = append(r.Failed, match[2])
		}
	}
	if !lastLine.MatchString(o.output) || (o.exit != 0) != (len(r.Failed) > 0) {
		r.Failed = append(r.Failed, crashed)
	}
	slices.Sort(r.Failed)
	return r
}

// excerpt returns what a test said.
func (o outcome) excerpt(name string) string {
	_, after, ok := strings.Cut(o.output, "=== RUN   "+name+"\n")
	if name == crashed || !ok {
		return tail(o.output)
	}
	if i := strings.Index(after, "\x16--- FAIL: "+name+" "); i >= 0 {
		said, rest := after[:i], after[i:]
		if j := strings.Index(rest, "\n\x16=== RUN"); j >= 0 {
			rest = rest[:j]
		}
		after = said + rest
	}
	return tail(after)
}

// tail returns the end of a text that is too long for a message.
func tail(text string) string {
	const most = 3000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}
