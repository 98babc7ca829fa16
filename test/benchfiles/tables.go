package main

import (
	"fmt"

	"mewz/test/document"
)

// tables renders what was found.
func (b *bench) tables() string {
	var r document.Report
	r.Say("Guest instructions of one operation, without iterations of `rep movs` (Linux copies by them; our vector copies count). Linux %s,\n"+
		"the same program native, the same machine (`-machine %s -smp 1 -m %s`, TCG), the same devices of the same host. `go run ./test/benchfiles`.", b.linux, machineType, memory())
	for i := range fileSystems {
		f := &fileSystems[i]
		if !b.wanted(f) {
			continue
		}
		t := document.Table{Columns: []string{f.title, "mewz", f.linuxTitle + " in Linux", "mewz : Linux"}}
		for j := range operations {
			o := &operations[j]
			if !f.does(o) {
				continue
			}
			mine, theirs := b.results[key{ours, f.name, o.name}], b.results[key{linux, f.name, o.name}]
			t.Add(o.title, document.Count(mine.instructions), document.Count(theirs.instructions), fmt.Sprintf("%.2f", mine.instructions/theirs.instructions))
		}
		r.Table(&t)
	}
	return r.String()
}
