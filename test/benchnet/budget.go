package main

import (
	"fmt"
	"slices"

	"mewz/test/document"
)

// budget is one line of the issue, and how it is computed; ok is false when
// what it needs was not measured.
type budget struct {
	what  string
	limit float64
	least bool // limit is the least that is wanted
	unit  string
	value func(b *bench) (value float64, ok bool)
}

// Names of servers that budgets are about.
const (
	nameC     = "mewz-c"
	nameRust  = "mewz-rust"
	nameEpoll = "linux-epoll"
	nameNginx = "linux-nginx"
)

// Cells that budgets are about.
var (
	small50  = cell{0, 50}
	small800 = cell{0, 800}
	large50  = cell{1, 50}
)

var budgets = []budget{
	{"C server, 400 B, 50 connections", 8000, false, "instructions", total(small50)},
	{"C server, 400 B, 800 connections", 9000, false, "instructions", total(small800)},
	{"C server, 10 KB, 50 connections", 12000, false, "instructions", total(large50)},
	{"of the C server's, Wasm and WASI", 4000, false, "instructions", inParts(partWasm, partWASI)},
	{"of the C server's, stack and driver", 2500, false, "instructions", inParts(partStack, partDriver)},
	{"C server against Linux with the C epoll server, 400 B, 50 connections", 2, true, "× requests per second", rates(nameC, nameEpoll, small50)},
	{"the same at 800 connections", 2, true, "× requests per second", rates(nameC, nameEpoll, small800)},
	{"the same with 10 KB at 50 connections", 2, true, "× requests per second", rates(nameC, nameEpoll, large50)},
	{"Rust server against Linux with nginx, 400 B, 50 connections", 1, true, "× requests per second", rates(nameRust, nameNginx, small50)},
	{fmt.Sprintf("processor of an idle machine with %d connections", idleConnections), 1, false, "%", idlePercent},
	{"memory of the C server's machine, without linear memory", 24, false, "MiB", memoryRest},
	{"image of the C server", 3.5, false, "MB", imageMegabytes},
}

func (b *bench) server(name string) *server {
	for _, s := range b.servers {
		if s.name == name {
			return s
		}
	}
	return &server{}
}

func total(c cell) func(*bench) (float64, bool) {
	return func(b *bench) (float64, bool) {
		x := b.server(nameC).result(c)
		return x.request.total, x.counted
	}
}

func inParts(of ...part) func(*bench) (float64, bool) {
	return func(b *bench) (float64, bool) {
		s := b.server(nameC)
		x := s.result(small50)
		if !x.counted {
			return 0, false
		}
		sums := s.counted.symbols.byPart(x.profile)
		var sum int64
		for _, p := range of {
			sum += sums[p].instructions
		}
		return float64(sum) / float64(x.count), true
	}
}

// rates is how many times more requests a server answers than another, the best
// rounds of both.
func rates(name, other string, c cell) func(*bench) (float64, bool) {
	return func(b *bench) (float64, bool) {
		ours, theirs := b.server(name).result(c).rates, b.server(other).result(c).rates
		if len(ours) == 0 || len(theirs) == 0 {
			return 0, false
		}
		return slices.Max(ours) / slices.Max(theirs), true
	}
}

func idlePercent(b *bench) (float64, bool) {
	share, ok := b.found.idle[b.server(nameC)]
	return 100 * share, ok
}

func (b *bench) mewzC() *mewzServer {
	for _, s := range b.ours {
		if s.server.name == nameC {
			return s
		}
	}
	return nil
}

func memoryRest(b *bench) (float64, bool) {
	s := b.mewzC()
	if s == nil {
		return 0, false
	}
	least, ok := b.found.memory[s.server]
	return (float64(least) - float64(min(least, s.linear))) / mebibyte, ok
}

func imageMegabytes(b *bench) (float64, bool) {
	s := b.mewzC()
	if s == nil {
		return 0, false
	}
	size, err := s.imageBytes()
	return float64(size) / 1e6, err == nil
}

// budgetTable sets what was measured beside the budgets.
func (b *bench) budgetTable() string {
	t := document.Table{Columns: []string{"budget", "limit", "measured", ""}}
	for _, line := range budgets {
		limit := fmt.Sprintf("at most %s %s", document.Count(line.limit), line.unit)
		if line.limit != float64(int(line.limit)) {
			limit = fmt.Sprintf("at most %.1f %s", line.limit, line.unit)
		}
		if line.least {
			limit = fmt.Sprintf("at least %v %s", line.limit, line.unit)
		}
		value, ok := line.value(b)
		if !ok {
			t.Add(line.what, limit, "", "not measured")
			continue
		}
		text := fmt.Sprintf("%.2f", value)
		if value >= 100 {
			text = document.Count(value)
		}
		verdict := "met"
		if line.least && value < line.limit || !line.least && value > line.limit {
			verdict = "**missed**"
		}
		t.Add(line.what, limit, text, verdict)
	}
	return "### Budgets\n\n" + t.String()
}
