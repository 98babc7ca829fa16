package translate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// function is the state of translating one function. Variables lie in memory,
// which LLVM's first passes make values of.
type function struct {
	*translator
	declaration *ast.FuncDecl
	result      string // type, or "void"
	variables   map[types.Object]string
	slots       strings.Builder // allocas
	body        strings.Builder
	count       int
	ended       bool // it has its last instruction
	breaks      []string
	continues   []string
}

// function writes the definition of a function.
func (t *translator) function(d *ast.FuncDecl) {
	signature := t.info.Defs[d.Name].Type().(*types.Signature)
	if d.Recv != nil || signature.TypeParams() != nil || signature.Variadic() || signature.Results().Len() > 1 {
		t.refuse(d, "a method, a generic or variadic function, or one with more than one result")
	}
	f := &function{translator: t, declaration: d, result: "void", variables: map[types.Object]string{}}
	if signature.Results().Len() == 1 {
		f.result = t.llvmType(d, signature.Results().At(0).Type())
		if signature.Results().At(0).Name() != "" {
			t.refuse(d, "a result with a name")
		}
	}
	var parameters []string
	for p := range signature.Params().Variables() {
		of := t.llvmType(d, p.Type())
		f.put("store %s %%%s, ptr %s", of, p.Name(), f.variable(p, of))
		parameters = append(parameters, of+" %"+p.Name())
	}
	f.block(d.Body)
	if !f.ended {
		f.end(map[bool]string{true: "ret void", false: "unreachable"}[f.result == "void"])
	}
	linkage, attributes := "internal", "#0"
	if _, ok := directive(d, "//heap:symbol "); ok {
		linkage = "hidden"
	}
	if f.noInline() {
		attributes = "#1"
	}
	fmt.Fprintf(&t.out, "define %s %s %s(%s) %s {\nentry:\n%s%s}\n\n", linkage, f.result, t.functions[t.info.Defs[d.Name]],
		strings.Join(parameters, ", "), attributes, f.slots.String(), f.body.String())
}

func (f *function) noInline() bool {
	_, ok := directive(f.declaration, "//go:noinline")
	return ok
}

// put writes an instruction.
func (f *function) put(format string, arguments ...any) {
	f.body.WriteString("  " + fmt.Sprintf(format, arguments...) + "\n")
}

// name returns a new name.
func (f *function) name(prefix string) string {
	f.count++
	return fmt.Sprintf("%s.%d", prefix, f.count)
}

// value writes an instruction that has a result, and returns the result.
func (f *function) value(format string, arguments ...any) string {
	name := f.name("%v")
	f.put("%s = %s", name, fmt.Sprintf(format, arguments...))
	return name
}

// variable makes a variable and returns its address.
func (f *function) variable(v types.Object, of string) string {
	slot := f.name("%" + v.Name())
	f.variables[v] = slot
	fmt.Fprintf(&f.slots, "  %s = alloca %s\n", slot, of)
	return slot
}

// begin begins a block; one that has no end yet goes on with it.
func (f *function) begin(label string) {
	if !f.ended {
		f.end("br label %" + label)
	}
	fmt.Fprintf(&f.body, "%s:\n", label)
	f.ended = false
}

// end writes the last instruction of a block.
func (f *function) end(instruction string) {
	f.put("%s", instruction)
	f.ended = true
}

func (f *function) block(b *ast.BlockStmt) { f.statements(b.List) }

func (f *function) statements(list []ast.Stmt) {
	for _, s := range list {
		if f.ended {
			f.refuse(s, "a statement that is never reached")
		}
		f.statement(s)
	}
}

func (f *function) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.IncDecStmt:
		slot, of := f.target(s.X)
		operation := map[token.Token]string{token.INC: "add", token.DEC: "sub"}[s.Tok]
		if !strings.HasPrefix(of, "i") {
			f.refuse(s, "%s of what is no integer", s.Tok)
		}
		f.put("store %s %s, ptr %s", of, f.value("%s %s %s, 1", operation, of, f.value("load %s, ptr %s", of, slot)), slot)
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok || f.info.Types[call.Fun].IsType() {
			f.refuse(s, "a statement that is no call")
		}
		f.call(call)
	case *ast.BlockStmt:
		f.block(s)
	case *ast.IfStmt:
		f.ifStatement(s)
	case *ast.ForStmt:
		f.forStatement(s)
	case *ast.SwitchStmt:
		f.switchStatement(s)
	case *ast.BranchStmt:
		f.branch(s)
	case *ast.ReturnStmt:
		if len(s.Results) == 0 {
			f.end("ret void")
			return
		}
		f.end("ret " + f.result + " " + f.expression(s.Results[0]))
	default:
		f.refuse(s, "a statement that is not known (%T)", s)
	}
}

// target is the variable on the left of an assignment, and its type.
func (f *function) target(e ast.Expr) (slot, of string) {
	if name, ok := e.(*ast.Ident); ok {
		v := f.info.ObjectOf(name)
		if slot, ok := f.variables[v]; ok {
			return slot, f.llvmType(e, v.Type())
		}
	}
	f.refuse(e, "an assignment to what is no variable of the function")
	return "", ""
}

func (f *function) assign(s *ast.AssignStmt) {
	if len(s.Lhs) != len(s.Rhs) {
		f.refuse(s, "an assignment of several results")
	}
	if s.Tok != token.DEFINE && s.Tok != token.ASSIGN {
		slot, of := f.target(s.Lhs[0])
		operation := s.Tok + (token.ADD - token.ADD_ASSIGN)
		result := f.binary(s, operation, f.value("load %s, ptr %s", of, slot), f.info.TypeOf(s.Lhs[0]), s.Rhs[0])
		f.put("store %s %s, ptr %s", of, result, slot)
		return
	}
	values := make([]string, len(s.Rhs))
	for k, e := range s.Rhs {
		values[k] = f.expression(e)
	}
	for k, e := range s.Lhs {
		name, ok := e.(*ast.Ident)
		if ok && s.Tok == token.DEFINE && f.info.Defs[name] != nil {
			f.variable(f.info.Defs[name], f.llvmType(e, f.info.Defs[name].Type()))
		}
		slot, of := f.target(e)
		f.put("store %s %s, ptr %s", of, values[k], slot)
	}
}

func (f *function) ifStatement(s *ast.IfStmt) {
	if s.Init != nil {
		f.statement(s.Init)
	}
	then, otherwise, done := f.name("then"), f.name("else"), f.name("done")
	f.condition(s.Cond, then, otherwise)
	f.begin(then)
	f.block(s.Body)
	reached := !f.ended
	if reached {
		f.end("br label %" + done)
	}
	f.begin(otherwise)
	if s.Else != nil {
		f.statement(s.Else)
	}
	if reached || !f.ended {
		f.begin(done)
	}
}

func (f *function) forStatement(s *ast.ForStmt) {
	if s.Init != nil {
		f.statement(s.Init)
	}
	loop, body, next, done := f.name("loop"), f.name("body"), f.name("next"), f.name("done")
	f.begin(loop)
	if s.Cond != nil {
		f.condition(s.Cond, body, done)
	}
	f.begin(body)
	f.breaks, f.continues = append(f.breaks, done), append(f.continues, next)
	f.block(s.Body)
	f.breaks, f.continues = f.breaks[:len(f.breaks)-1], f.continues[:len(f.continues)-1]
	f.begin(next)
	if s.Post != nil {
		f.statement(s.Post)
	}
	f.end("br label %" + loop)
	f.begin(done)
}

// switchStatement compares with one case after the other; LLVM makes a switch of it.
func (f *function) switchStatement(s *ast.SwitchStmt) {
	if s.Init != nil || s.Tag == nil {
		f.refuse(s, "a switch without a value, or with a statement in front of it")
	}
	of, value, done := f.llvmType(s.Tag, f.info.TypeOf(s.Tag)), f.expression(s.Tag), f.name("done")
	otherwise := done
	labels := make([]string, len(s.Body.List))
	for k, clause := range s.Body.List {
		clause := clause.(*ast.CaseClause)
		labels[k] = f.name("case")
		if clause.List == nil {
			otherwise = labels[k]
		}
		for _, e := range clause.List {
			next := f.name("next")
			f.end(fmt.Sprintf("br i1 %s, label %%%s, label %%%s", f.value("icmp eq %s %s, %s", of, value, f.literal(e)), labels[k], next))
			f.begin(next)
		}
	}
	f.end("br label %" + otherwise)
	f.breaks = append(f.breaks, done)
	for k, clause := range s.Body.List {
		f.begin(labels[k])
		f.statements(clause.(*ast.CaseClause).Body)
		if !f.ended {
			f.end("br label %" + done)
		}
	}
	f.breaks = f.breaks[:len(f.breaks)-1]
	f.begin(done)
}

func (f *function) branch(s *ast.BranchStmt) {
	targets := map[token.Token][]string{token.BREAK: f.breaks, token.CONTINUE: f.continues}[s.Tok]
	if s.Label != nil || len(targets) == 0 {
		f.refuse(s, "a branch that is not known")
	}
	f.end("br label %" + targets[len(targets)-1])
}
