package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/workbench"
)

// machineFacts says when, where and with what was measured.
func (b *bench) machineFacts() string {
	command := "go run ./test/benchnet"
	if b.quick {
		command += " -quick"
	}
	if b.only != "" {
		command += " -only " + b.only
	}
	var r document.Report
	version := "unknown"
	if qemu, err := b.Run(workbench.Process{Program: "qemu-system-x86_64", Args: []string{"--version"}, Timeout: workbench.ProcessTimeout}); err == nil {
		version, _, _ = strings.Cut(qemu.Stdout, "\n")
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	for _, fact := range [][2]string{
		{"command", "`make bench-net`, which is `" + command + "`"},
		{"date", time.Now().UTC().Format(time.DateOnly)},
		{"processors", fmt.Sprint(runtime.NumCPU())},
		{"load before", strings.Join(strings.Fields(string(load))[:3], " ")},
		{"QEMU", version},
		{"our machines", "`" + b.machineType + "`, level fast; the Linux guest: `q35`"},
	} {
		fmt.Fprintf(&r, "* %s: %s\n", fact[0], fact[1])
	}
	return r.String()
}

// none is a cell of a table that was not measured.
const none = "–"

// column is the title of a cell.
func (c cell) column() string {
	return fmt.Sprintf("%s, %d", bodies[c.body].name, c.connections)
}

// tables renders everything that was measured.
func (b *bench) tables() string {
	var r document.Report
	if b.linux != "" {
		r.Say("The Linux guest has kernel %s of Debian 12.", b.linux)
	}
	r.Say("### Instructions of the guest for a request")
	r.Say("Everything that the machine does, by size of the file and number of connections. TCG counts each iteration of a string\n" +
		"instruction, with which Linux copies and clears; in parentheses the count without them.")
	b.perServer(&r, func(_ *server, x *result) string {
		if !x.counted {
			return none
		}
		return fmt.Sprintf("%s (%s)", document.Count(x.request.total), document.Count(x.request.total-x.request.repeats))
	})
	r.Say("Of these the server itself: in Linux the processes, with us the program and WASI.")
	b.perServer(&r, func(_ *server, x *result) string {
		if !x.counted {
			return none
		}
		return document.Count(x.request.user)
	})
	r.Say("### Requests per second")
	r.Say("wrk with one thread for %v, the best of %d rounds (of one with one connection) in which the servers took turns. A star: wrk saw errors or timeouts.", rateTime, rateRounds)
	b.perServer(&r, func(_ *server, x *result) string {
		if len(x.rates) == 0 {
			return none
		}
		text := document.Count(slices.Max(x.rates))
		if x.errors != "" {
			text += "\\*"
		}
		return text
	})
	b.troubles(&r)
	b.partTable(&r)
	b.restTable(&r)
	return r.String()
}

// perServer adds a table with a row for each server and a column for each cell.
func (b *bench) perServer(r *document.Report, show func(*server, *result) string) {
	t := document.Table{Columns: []string{"server"}}
	for _, c := range b.cells() {
		t.Columns = append(t.Columns, c.column())
	}
	for _, s := range b.servers {
		row := []string{s.String()}
		for _, c := range b.cells() {
			row = append(row, show(s, s.result(c)))
		}
		t.Add(row...)
	}
	r.Table(&t)
}

// troubles lists what wrk complained about.
func (b *bench) troubles(r *document.Report) {
	var found []string
	for _, s := range b.servers {
		for _, c := range b.cells() {
			if x := s.result(c); x.errors != "" {
				found = append(found, fmt.Sprintf("%s (%s): %s", s, c.column(), x.errors))
			}
		}
		if s.failed != nil {
			found = append(found, "not measured further: "+strings.SplitN(s.failed.Error(), "\n", 2)[0])
		}
	}
	for _, text := range found {
		r.Say("* %s", text)
	}
}

// partTable says where the instructions of our servers go.
func (b *bench) partTable(r *document.Report) {
	t := document.Table{Columns: []string{"part"}}
	var rows [][]string
	for _, p := range parts {
		rows = append(rows, []string{string(p)})
	}
	rows = append(rows, []string{"all"})
	for _, s := range b.servers {
		if s.kind != kindMewz {
			continue
		}
		for _, c := range b.cells() {
			x := s.result(c)
			if !x.counted || c.connections != 50 && s.name != nameC {
				continue
			}
			t.Columns = append(t.Columns, s.label+", "+c.column())
			sums := s.counted.symbols.byPart(x.profile)
			for i, p := range parts {
				n := float64(sums[p].instructions) / float64(x.count)
				rows[i] = append(rows[i], fmt.Sprintf("%s (%.0f %%)", document.Count(n), 100*n/x.request.total))
			}
			rows[len(parts)] = append(rows[len(parts)], document.Count(x.request.total))
		}
	}
	if len(t.Columns) == 1 {
		return
	}
	r.Say("### Where the instructions go")
	r.Say("Of our machines, by function: the rows of the paper's Table 1. A machine that has nothing to do looks for frames for a while before it\n" +
		"halts, which is counted too, as waiting: with one connection that is most of all.")
	t.Rows = rows
	r.Table(&t)
}

// restTable says what idle connections cost and how much memory a machine needs.
func (b *bench) restTable(r *document.Report) {
	t := document.Table{Columns: []string{"server", fmt.Sprintf("processor, %d idle connections", idleConnections), "least `-m`", "linear memory", "image"}}
	for _, s := range b.ours {
		share, ok := b.found.idle[s.server]
		if !ok {
			continue
		}
		row := []string{s.server.String(), fmt.Sprintf("%.1f %%", 100*share), none, mebibytes(s.linear), none}
		if least, ok := b.found.memory[s.server]; ok {
			row[2] = mebibytes(least)
		}
		if size, err := s.imageBytes(); err == nil {
			row[4] = fmt.Sprintf("%.2f MB", float64(size)/1e6)
		}
		t.Add(row...)
	}
	if t.Rows == nil {
		return
	}
	r.Say("### Idle, and memory")
	r.Say("The processor time of QEMU over %v. The least memory is what a machine needs that serves %d connections without an error.", idleTime, memoryConnections)
	r.Table(&t)
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/mebibyte) }

// profileFunctions is how many functions a profile lists.
const profileFunctions = 70

// profiles lists what functions cost in our machines, for each cell.
func (b *bench) profiles() string {
	var r document.Report
	for _, s := range b.servers {
		for _, c := range b.cells() {
			x := s.result(c)
			if s.kind != kindMewz || !x.counted {
				continue
			}
			r.Say("%s, %s: %s instructions a request, %d requests", s, c.column(), document.Count(x.request.total), x.count)
			t := document.Table{Columns: []string{"function", "part", "instructions", "of these iterations", "%"}}
			costs := s.counted.symbols.byFunction(x.profile)
			for _, f := range costs[:min(len(costs), profileFunctions)] {
				n := float64(f.instructions) / float64(x.count)
				t.Add(f.name, string(f.part), fmt.Sprintf("%.1f", n), fmt.Sprintf("%.1f", float64(f.repeats)/float64(x.count)), fmt.Sprintf("%.1f", 100*n/x.request.total))
			}
			r.Table(&t)
		}
	}
	return r.String()
}
