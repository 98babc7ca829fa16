package net

import (
	"bufio"
	"strconv"
	"testing"
	"time"
)

// TestCrowd has hundreds of clients ask for a large file and read nothing, more than the memory of a small machine has
// room for. Those that come then are served.
func TestCrowd(t *testing.T) {
	const crowd, newcomers, memory = 400, 100, "32M"
	files := makeSite(t)
	for _, k := range kinds {
		if k.vmm != "qemu" || k.user {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			k.require(t)
			m := start(t, k, spec{
				program: httpd, args: []string{strconv.Itoa(httpPort), "$ROOT"}, root: files.root, tcp: httpPort, flags: []string{"-m", memory},
			})
			begin := time.Now()
			for range crowd {
				c := connect(t, m, httpPort)
				c.SetReadBuffer(4 << 10) // so that it is the machine that keeps the file
				send(t, c, request(m, "/large.bin"))
			}
			came := time.Since(begin)
			for range newcomers {
				c := connect(t, m, httpPort)
				send(t, c, request(m, "/10k.txt"))
				expectFile(t, bufio.NewReader(c), files, "/10k.txt")
				c.Close()
			}
			t.Logf("%d clients that do not read came in %v, then %d others were served in %v", crowd, came, newcomers, time.Since(begin)-came)
		})
	}
}
