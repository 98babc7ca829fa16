package spec

import (
	"mewz/compiler/wasm"
)

// spectestName is the module that the reference interpreter provides to every
// script (interpreter/host/spectest.ml).
const spectestName = "spectest"

// Plan says which modules of a script share a process: those that are linked
// with each other, directly or through a third. All others run alone.
type Plan struct {
	group   []int  // of each command, -1: needs no process
	last    []int  // command after which a group is not needed any more
	shared  []bool // the group has more than one linear memory space to tell apart
	modules []*wasm.Module
}

// planner is a union-find over the commands of a script; the instance of
// spectest, if modules share its state, is one more node.
type planner struct {
	parent   []int
	spectest int
}

func (p *planner) find(i int) int {
	for p.parent[i] != i {
		p.parent[i] = p.parent[p.parent[i]]
		i = p.parent[i]
	}
	return i
}

func (p *planner) union(a, b int) { p.parent[p.find(a)] = p.find(b) }

// instantiates says whether a command puts a module into a process.
func (c *Command) instantiates() bool {
	switch c.Type {
	case "module", "assert_unlinkable", "assert_uninstantiable":
		return true
	default:
		return false
	}
}

// sharesState says whether what i imports can be changed by the importer.
func sharesState(i *wasm.Import) bool {
	return i.Kind == wasm.ExternMemory || i.Kind == wasm.ExternTable || i.Kind == wasm.ExternGlobal && i.Global.Mutable
}

// MakePlan groups the modules of s. modules has the decoded module of each
// command that instantiates one.
func MakePlan(s *Script, modules []*wasm.Module) *Plan {
	n := len(s.Commands)
	p := &planner{parent: make([]int, n+1), spectest: n}
	for i := range p.parent {
		p.parent[i] = i
	}
	user := make([]int, n) // which module a command works on, -1: none
	current, named, registered := -1, map[string]int{}, map[string]int{}
	for i := range s.Commands {
		c := &s.Commands[i]
		user[i] = -1
		switch {
		case c.instantiates():
			user[i] = i
			p.linkImports(i, modules[i], registered)
			if c.Type == "module" {
				current, named[c.Name] = i, i
			}
		case c.Type == "register":
			user[i] = moduleOf(c.Name, current, named)
			registered[c.As] = user[i]
		case c.Action != nil:
			user[i] = moduleOf(c.Action.Module, current, named)
		}
	}
	return p.plan(user, modules)
}

// moduleOf is the command that instantiated what name stands for.
func moduleOf(name string, current int, named map[string]int) int {
	if name == "" {
		return current
	}
	if i, ok := named[name]; ok {
		return i
	}
	return -1
}

// linkImports joins module i with those that it imports from.
func (p *planner) linkImports(i int, m *wasm.Module, registered map[string]int) {
	if m == nil {
		return
	}
	for k := range m.Imports {
		exporter, ok := registered[m.Imports[k].Module]
		switch {
		case ok && exporter >= 0:
			p.union(i, exporter)
		case m.Imports[k].Module == spectestName && sharesState(&m.Imports[k]):
			p.union(i, p.spectest)
		}
	}
}

// plan numbers the groups.
func (p *planner) plan(user []int, modules []*wasm.Module) *Plan {
	plan := &Plan{group: make([]int, len(user)), modules: modules}
	numbers, members := map[int]int{}, []int{}
	for i, module := range user {
		plan.group[i] = -1
		if module < 0 {
			continue
		}
		root := p.find(module)
		g, ok := numbers[root]
		if !ok {
			g = len(members)
			numbers[root] = g
			members = append(members, 0)
			plan.last = append(plan.last, 0)
		}
		plan.group[i] = g
		plan.last[g] = i
		if module == i {
			members[g]++
		}
	}
	plan.shared = make([]bool, len(members))
	for g, n := range members {
		plan.shared[g] = n > 1
	}
	if g, ok := numbers[p.find(p.spectest)]; ok {
		plan.shared[g] = true
	}
	return plan
}
