package translate

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// expression writes an expression and returns its value.
func (f *function) expression(e ast.Expr) string {
	if f.info.Types[e].Value != nil {
		return f.constant(e)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return f.expression(e.X)
	case *ast.Ident:
		slot, of := f.target(e)
		return f.value("load %s, ptr %s", of, slot)
	case *ast.CallExpr:
		return f.call(e)
	case *ast.IndexExpr:
		return f.index(e)
	case *ast.UnaryExpr:
		return f.unary(e)
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			return f.logical(e)
		}
		if _, ok := comparisons[e.Op]; ok {
			return f.compare(e)
		}
		if isAddress(f.info.TypeOf(e)) && e.Op == token.SUB && f.info.Types[e.Y].Value == nil {
			return f.value("inttoptr i64 %s to ptr", f.integer(e))
		}
		return f.binary(e, e.Op, f.expression(e.X), f.info.TypeOf(e), e.Y)
	}
	f.refuse(e, "an expression that is not known (%T)", e)
	return ""
}

func isAddress(of types.Type) bool {
	named, ok := of.(*types.Named)
	return ok && named.Obj().Name() == "address"
}

// constant is the value of a constant expression; the only address is 0.
func (f *function) constant(e ast.Expr) string {
	text := f.literal(e)
	if f.llvmType(e, f.info.TypeOf(e)) == "ptr" {
		if text != "0" {
			f.refuse(e, "the address %s", text)
		}
		return "null"
	}
	return text
}

// integer writes an expression as an integer, also one that is an address. What
// was made an address only to be added to one does not become a pointer.
func (f *function) integer(e ast.Expr) string {
	e = ast.Unparen(e)
	if f.info.Types[e].Value != nil {
		return f.literal(e)
	}
	if !isAddress(f.info.TypeOf(e)) {
		return f.expression(e)
	}
	if call, ok := e.(*ast.CallExpr); ok && f.info.Types[call.Fun].IsType() && !isAddress(f.info.TypeOf(call.Args[0])) {
		f.wide(call)
		return f.expression(call.Args[0])
	}
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.SUB {
		return f.value("sub i64 %s, %s", f.integer(b.X), f.integer(b.Y))
	}
	return f.value("ptrtoint ptr %s to i64", f.expression(e))
}

// wide refuses a conversion to an address of anything but 64 bits.
func (f *function) wide(call *ast.CallExpr) {
	if from := f.info.TypeOf(call.Args[0]); f.llvmType(call, from) != "i64" || isSigned(from) {
		f.refuse(call, "an address made of a %s", from)
	}
}

func (f *function) unary(e *ast.UnaryExpr) string {
	of := f.llvmType(e, f.info.TypeOf(e))
	switch {
	case e.Op == token.NOT:
		return f.value("xor i1 %s, true", f.expression(e.X))
	case e.Op == token.SUB && of[0] == 'i':
		return f.value("sub %s 0, %s", of, f.expression(e.X))
	case e.Op == token.XOR && of[0] == 'i':
		return f.value("xor %s %s, -1", of, f.expression(e.X))
	}
	f.refuse(e, "an operator that is not known (%s)", e.Op)
	return ""
}

// comparisons are the conditions of icmp, without the letter for signedness.
var comparisons = map[token.Token]string{
	token.EQL: "eq", token.NEQ: "ne", token.LSS: "lt", token.LEQ: "le", token.GTR: "gt", token.GEQ: "ge",
}

func (f *function) compare(e *ast.BinaryExpr) string {
	operands := e.X
	if f.info.Types[e.X].Value != nil {
		operands = e.Y
	}
	of, condition := f.info.TypeOf(operands), comparisons[e.Op]
	if e.Op != token.EQL && e.Op != token.NEQ {
		condition = map[bool]string{true: "s", false: "u"}[isSigned(of)] + condition
	}
	x := f.expression(e.X)
	return f.value("icmp %s %s %s, %s", condition, f.llvmType(e, of), x, f.expression(e.Y))
}

// logical writes && and || where a value is needed.
func (f *function) logical(e ast.Expr) string {
	yes, no, done := f.name("yes"), f.name("no"), f.name("done")
	f.condition(e, yes, no)
	f.begin(yes)
	f.end("br label %" + done)
	f.begin(no)
	f.begin(done)
	return f.value("phi i1 [ true, %%%s ], [ false, %%%s ]", yes, no)
}

// condition branches to one of two blocks.
func (f *function) condition(e ast.Expr, yes, no string) {
	switch x := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			f.condition(x.X, no, yes)
			return
		}
	case *ast.BinaryExpr:
		next := f.name("and")
		switch x.Op {
		case token.LAND:
			f.condition(x.X, next, no)
			f.begin(next)
			f.condition(x.Y, yes, no)
			return
		case token.LOR:
			f.condition(x.X, yes, next)
			f.begin(next)
			f.condition(x.Y, yes, no)
			return
		}
	}
	f.end(fmt.Sprintf("br i1 %s, label %%%s, label %%%s", f.expression(e), yes, no))
}

// operations are the instructions of operators on integers.
var operations = map[token.Token]string{
	token.ADD: "add", token.SUB: "sub", token.MUL: "mul", token.AND: "and", token.OR: "or", token.XOR: "xor",
	token.QUO: "udiv", token.REM: "urem", token.SHL: "shl", token.SHR: "lshr",
}

// binary writes x op e, where x is of the type of the result.
func (f *function) binary(at ast.Node, op token.Token, x string, result types.Type, e ast.Expr) string {
	of := f.llvmType(at, result)
	if isAddress(result) {
		offset := f.integer(e)
		switch {
		case op == token.SUB:
			offset = f.value("sub i64 0, %s", offset)
		case op != token.ADD:
			f.refuse(at, "%s of addresses", op)
		}
		return f.value("getelementptr i8, ptr %s, i64 %s", x, offset)
	}
	operation, ok := operations[op]
	switch {
	case op == token.AND_NOT:
		return f.value("and %s %s, %s", of, x, f.value("xor %s %s, -1", of, f.expression(e)))
	case !ok || of[0] != 'i' || of == "i1":
		f.refuse(at, "%s of %s", op, result)
	case op == token.SHL || op == token.SHR:
		if op == token.SHR && isSigned(result) {
			operation = "ashr"
		}
		return f.value("%s %s %s, %s", operation, of, x, f.shiftCount(e, of))
	case op == token.QUO || op == token.REM:
		if isSigned(result) {
			f.refuse(at, "a division of signed integers")
		}
		y := f.expression(e)
		if f.info.Types[e].Value == nil {
			f.require(f.value("icmp ne %s %s, 0", of, y))
		}
		return f.value("%s %s %s, %s", operation, of, x, y)
	}
	return f.value("%s %s %s, %s", operation, of, x, f.expression(e))
}

// require traps unless a condition holds.
func (f *function) require(condition string) {
	f.needs["declare void @llvm.trap() cold noreturn nounwind"] = true
	trap, fine := f.name("trap"), f.name("fine")
	f.end(fmt.Sprintf("br i1 %s, label %%%s, label %%%s", condition, fine, trap))
	f.begin(trap)
	f.put("call void @llvm.trap()")
	f.end("unreachable")
	f.begin(fine)
}

// below says whether an expression is less than a bound whatever happens: it is a
// constant, or has a mask that is.
func (f *function) below(e ast.Expr, bound int64) bool {
	e = ast.Unparen(e)
	if v := f.info.Types[e].Value; v != nil {
		n, ok := constant.Int64Val(constant.ToInt(v))
		return ok && n >= 0 && n < bound
	}
	masked, ok := e.(*ast.BinaryExpr)
	return ok && masked.Op == token.AND && f.info.Types[masked.Y].Value != nil && f.below(masked.Y, bound)
}

// shiftCount writes the right side of a shift of a type.
func (f *function) shiftCount(e ast.Expr, of string) string {
	if !f.below(e, int64(width(of))) {
		f.refuse(e, "a shift whose count is neither constant nor masked below %d", width(of))
	}
	if f.info.Types[e].Value != nil {
		return f.literal(e)
	}
	return f.resize(f.expression(e), f.llvmType(e, f.info.TypeOf(e)), of, false)
}

// resize makes an integer of another width.
func (f *function) resize(x, from, to string, signed bool) string {
	switch {
	case width(from) > width(to):
		return f.value("trunc %s %s to %s", from, x, to)
	case width(from) < width(to) && signed:
		return f.value("sext %s %s to %s", from, x, to)
	case width(from) < width(to):
		return f.value("zext %s %s to %s", from, x, to)
	}
	return x
}

// index reads a table.
func (f *function) index(e *ast.IndexExpr) string {
	name, ok := e.X.(*ast.Ident)
	if !ok || f.tables[f.info.ObjectOf(name)] == "" {
		f.refuse(e, "an index of what is no table")
	}
	table := f.tables[f.info.ObjectOf(name)]
	array := f.info.TypeOf(name).(*types.Array)
	index := "i64 " + f.tableIndex(e.Index, array.Len())
	of := f.llvmType(e, array.Elem())
	return f.value("load %s, ptr %s", of, f.value("getelementptr [%d x %s], ptr %s, i64 0, %s", array.Len(), of, table, index))
}

func (f *function) tableIndex(e ast.Expr, length int64) string {
	if f.info.Types[e].Value != nil {
		return f.literal(e)
	}
	of := f.info.TypeOf(e)
	index := f.resize(f.expression(e), f.llvmType(e, of), "i64", isSigned(of))
	if !f.below(e, length) {
		f.require(f.value("icmp ult i64 %s, %d", index, length))
	}
	return index
}

// call writes a call, a conversion among them.
func (f *function) call(e *ast.CallExpr) string {
	if f.info.Types[e.Fun].IsType() {
		return f.convert(e)
	}
	name, ok := e.Fun.(*ast.Ident)
	if !ok {
		f.refuse(e, "a call of what is no function of the package")
	}
	object := f.info.ObjectOf(name)
	_, builtin := object.(*types.Builtin)
	arguments := make([]string, len(e.Args))
	for k, a := range e.Args {
		arguments[k] = f.expression(a)
	}
	if symbol, ok := f.functions[object]; ok {
		for k, a := range e.Args {
			arguments[k] = f.llvmType(a, f.info.TypeOf(a)) + " " + arguments[k]
		}
		return f.callResult(e, "call "+f.resultType(e)+" "+symbol+"("+strings.Join(arguments, ", ")+")")
	}
	if builtin && len(arguments) == 2 && (name.Name == "min" || name.Name == "max") {
		return f.extreme(e, name.Name, arguments)
	}
	i, ok := intrinsics[name.Name]
	if !ok || builtin {
		f.refuse(e, "a call of %s", name.Name)
	}
	if i.frame && !f.noInline() {
		f.refuse(e, "%s in a function without //go:noinline", name.Name)
	}
	if i.needs != "" {
		f.needs[i.needs] = true
	}
	if name.Name == "heap" {
		return "@wasm_heap"
	}
	text := i.text
	for k, a := range arguments {
		text = strings.ReplaceAll(text, fmt.Sprint("%", k+1), a)
	}
	return f.callResult(e, text)
}

// resultType is the type of a call's result.
func (f *function) resultType(e *ast.CallExpr) string {
	if f.info.Types[e].IsVoid() {
		return "void"
	}
	return f.llvmType(e, f.info.TypeOf(e))
}

// callResult writes a call and returns its result, if there is one.
func (f *function) callResult(e *ast.CallExpr, instruction string) string {
	if f.info.Types[e].IsVoid() {
		f.put("%s", instruction)
		return ""
	}
	return f.value("%s", instruction)
}

// extreme writes min or max of two values.
func (f *function) extreme(e *ast.CallExpr, name string, arguments []string) string {
	of := f.llvmType(e, f.info.TypeOf(e))
	if of[0] != 'i' || isSigned(f.info.TypeOf(e)) {
		f.refuse(e, "%s of %s", name, f.info.TypeOf(e))
	}
	condition := map[string]string{"min": "ult", "max": "ugt"}[name]
	first := f.value("icmp %s %s %s, %s", condition, of, arguments[0], arguments[1])
	return f.value("select i1 %s, %s %s, %s %s", first, of, arguments[0], of, arguments[1])
}

// convert writes a conversion between integers and addresses.
func (f *function) convert(e *ast.CallExpr) string {
	from, to := f.info.TypeOf(e.Args[0]), f.info.TypeOf(e)
	source, target := f.llvmType(e, from), f.llvmType(e, to)
	switch {
	case source == target:
		return f.expression(e.Args[0])
	case target == "ptr":
		f.wide(e)
		return f.value("inttoptr i64 %s to ptr", f.expression(e.Args[0]))
	case source == "ptr" && target == "i64":
		return f.integer(e.Args[0])
	case source[0] == 'i' && target[0] == 'i' && source != "i1" && target != "i1":
		return f.resize(f.expression(e.Args[0]), source, target, isSigned(from))
	}
	f.refuse(e, "a conversion of %s to %s", from, to)
	return ""
}
