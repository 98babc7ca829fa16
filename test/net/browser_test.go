package net

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// browserPage loads the files of the page and says what it has got.
//
//go:embed testdata/browser.html
var browserPage []byte

// browserPath is where the servers have it.
const browserPath = "/browser.html"

// testBrowser has Chromium load a page with all its files.
func testBrowser(t *testing.T, m *machine, s server, files *site) {
	said := m.tool(t, "chromium-headless-shell",
		"--no-sandbox", // it does not start as root with one, and sees nothing but this server
		"--disable-gpu", "--no-first-run", "--user-data-dir="+t.TempDir(),
		"--dump-dom", m.url(httpPort, browserPath))
	found := regexp.MustCompile(`(?s)<pre id="all">(.*)</pre>`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("the browser shows\n%s", tail(said))
	}
	got := map[string]bool{}
	for line := range strings.SplitSeq(found[1], "\n") {
		got[line] = true
	}
	for i := range pageFiles {
		contents, err := os.ReadFile(filepath.Join(files.root, "page", fmt.Sprint(i, ".png")))
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New32a()
		h.Write(contents)
		if want := fmt.Sprint(i, " 200 ", len(contents), " ", h.Sum32()); !got[want] {
			t.Fatalf("the browser does not show %q but\n%s", want, tail(found[1]))
		}
	}
}
