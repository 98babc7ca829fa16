package spec

import (
	"testing"

	"mewz/compiler/wasm"

	"github.com/google/go-cmp/cmp"
)

func TestMakePlan(t *testing.T) {
	importing := func(module string, kind wasm.ExternKind) *wasm.Module {
		return &wasm.Module{Imports: []wasm.Import{{Module: module, Kind: kind}}}
	}
	invoke := func(module string) Command {
		return Command{Type: "assert_return", Action: &Action{Type: "invoke", Module: module}}
	}
	module := Command{Type: "module"}
	tests := []struct {
		name     string
		commands []Command
		modules  map[int]*wasm.Module
		group    []int
		last     []int
		shared   []bool
	}{
		{"alone", []Command{module, invoke(""), module, invoke("")}, nil, []int{0, 0, 1, 1}, []int{1, 3}, []bool{false, false}},
		{
			"registered", []Command{{Type: "module", Name: "$a"}, {Type: "register", Name: "$a", As: "a"}, module, module, invoke("$a")},
			map[int]*wasm.Module{3: importing("a", wasm.ExternFunc)}, []int{0, 0, 1, 0, 0}, []int{4, 2}, []bool{true, false},
		},
		{
			"spectest's functions", []Command{module, module},
			map[int]*wasm.Module{0: importing("spectest", wasm.ExternFunc), 1: importing("spectest", wasm.ExternGlobal)},
			[]int{0, 1}, []int{0, 1}, []bool{false, false},
		},
		{
			"spectest's table", []Command{module, module, {Type: "assert_unlinkable"}},
			map[int]*wasm.Module{0: importing("spectest", wasm.ExternTable), 2: importing("spectest", wasm.ExternTable)},
			[]int{0, 1, 0}, []int{2, 1}, []bool{true, false},
		},
		{"spectest's memory, once", []Command{module}, map[int]*wasm.Module{0: importing("spectest", wasm.ExternMemory)}, []int{0}, []int{0}, []bool{true}},
		{"no module", []Command{invoke(""), {Type: "assert_invalid"}}, nil, []int{-1, -1}, nil, []bool{}},
	}
	for _, test := range tests {
		modules := make([]*wasm.Module, len(test.commands))
		for i := range modules {
			if modules[i] = test.modules[i]; modules[i] == nil {
				modules[i] = &wasm.Module{}
			}
		}
		plan := MakePlan(&Script{Commands: test.commands}, modules)
		got := []any{plan.group, plan.last, plan.shared}
		if diff := cmp.Diff([]any{test.group, test.last, test.shared}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
