// Package translate makes LLVM IR of a small part of Go, which the heap of objects
// is written in (package gc).
//
// The part: functions with one result at most, on integers, booleans and the types
// address (a pointer) and vector; constants; variables of the package that are
// tables of constants; if, for, switch, break, continue, return, :=, =, op=, ++;
// calls of each other and of intrinsics; min, max and conversions. All else is
// refused with its place.
//
// What it means is what Go says, without a value that LLVM could call undefined:
// arithmetic wraps, an index beyond a table and a division by zero trap, shifts
// have counts that are constant or masked below the width.
//
// Directives in front of a function: //heap:symbol NAME gives it a symbol that
// others see, //go:noinline keeps it a function.
package translate

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// File is a source file.
type File struct {
	Name string
	Text []byte
}

// translator is the state of one translation.
type translator struct {
	set       *token.FileSet
	info      types.Info
	out       bytes.Buffer
	functions map[types.Object]string // symbols
	tables    map[types.Object]string
	needs     map[string]bool // declarations
}

// refusal is the panic that ends a translation.
type refusal struct{ err error }

func (t *translator) refuse(at ast.Node, format string, arguments ...any) {
	panic(refusal{fmt.Errorf("%s: %s", t.set.Position(at.Pos()), fmt.Sprintf(format, arguments...))})
}

// IR translates the files of a package. An error says where something is that is
// no Go, or not of the part that is known.
func IR(files []File) (ir []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(refusal)
			if !ok {
				panic(r)
			}
			err = refused.err
		}
	}()
	t := &translator{
		set: token.NewFileSet(), functions: map[types.Object]string{}, tables: map[types.Object]string{}, needs: map[string]bool{},
		info: types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
	}
	parsed, err := t.check(files)
	if err != nil {
		return nil, err
	}
	for _, file := range parsed {
		t.collect(file)
	}
	for _, file := range parsed {
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				t.function(f)
			}
		}
	}
	var head bytes.Buffer
	for _, line := range slices.Sorted(maps.Keys(t.needs)) {
		head.WriteString(line + "\n")
	}
	head.WriteString("\n")
	head.Write(t.out.Bytes())
	head.WriteString("attributes #0 = { nounwind uwtable \"no-builtins\" }\nattributes #1 = { noinline nounwind uwtable \"no-builtins\" }\n")
	return head.Bytes(), nil
}

// check parses the files and finds the types.
func (t *translator) check(files []File) ([]*ast.File, error) {
	var text strings.Builder
	text.WriteString(prelude)
	for _, name := range slices.Sorted(maps.Keys(intrinsics)) {
		text.WriteString("func " + name + intrinsics[name].signature + "\n")
	}
	var parsed []*ast.File
	for _, file := range append([]File{{"intrinsics", []byte(text.String())}}, files...) {
		f, err := parser.ParseFile(t.set, file.Name, file.Text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if len(f.Imports) > 0 {
			return nil, fmt.Errorf("%s: an import", t.set.Position(f.Imports[0].Pos()))
		}
		parsed = append(parsed, f)
	}
	var problems []error
	config := types.Config{Error: func(err error) { problems = append(problems, err) }}
	_, _ = config.Check("gc", t.set, parsed, &t.info)
	return parsed[1:], errors.Join(problems...)
}

// collect notes the functions and writes the tables of a file.
func (t *translator) collect(file *ast.File) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if symbol, ok := directive(d, "//heap:symbol "); ok {
				name = symbol
			}
			t.functions[t.info.Defs[d.Name]] = "@" + name
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					if d.Tok == token.VAR {
						t.table(s)
					}
				default:
					t.refuse(spec, "a declaration that is neither constant nor table")
				}
			}
		}
	}
}

// directive returns what follows a directive in the comment of a function.
func directive(f *ast.FuncDecl, prefix string) (rest string, ok bool) {
	if f.Doc != nil {
		for _, line := range f.Doc.List {
			if rest, ok := strings.CutPrefix(line.Text, prefix); ok {
				return rest, true
			}
		}
	}
	return "", false
}

// table writes a variable of the package: an array of constants, which nothing
// changes since only an index of it is an expression.
func (t *translator) table(s *ast.ValueSpec) {
	if len(s.Names) != 1 || len(s.Values) != 1 {
		t.refuse(s, "a variable of the package that is no table")
	}
	array, ok := t.info.TypeOf(s.Names[0]).(*types.Array)
	literal, isLiteral := s.Values[0].(*ast.CompositeLit)
	if !ok || !isLiteral || int64(len(literal.Elts)) != array.Len() {
		t.refuse(s, "a variable of the package that is no array with all of its elements")
	}
	of := t.llvmType(s, array.Elem())
	rows := make([]string, len(literal.Elts))
	for k, element := range literal.Elts {
		rows[k] = of + " " + t.literal(element)
	}
	symbol := "@" + s.Names[0].Name
	t.tables[t.info.Defs[s.Names[0]]] = symbol
	fmt.Fprintf(&t.out, "%s = internal unnamed_addr constant [%d x %s] [%s]\n\n", symbol, len(rows), of, strings.Join(rows, ", "))
}

// llvmType is a type as IR writes it.
func (t *translator) llvmType(at ast.Node, of types.Type) string {
	if named, ok := of.(*types.Named); ok {
		return map[string]string{"address": "ptr", "vector": "<16 x i8>"}[named.Obj().Name()]
	}
	if basic, ok := of.(*types.Basic); ok {
		switch {
		case basic.Kind() == types.Bool || basic.Kind() == types.UntypedBool:
			return "i1"
		case basic.Info()&types.IsInteger != 0 && basic.Info()&types.IsUntyped == 0 && basic.Kind() != types.Uintptr:
			return "i" + strconv.Itoa(8*int(types.SizesFor("gc", "amd64").Sizeof(basic)))
		}
	}
	t.refuse(at, "a value of type %s", of)
	return ""
}

// width is the number of bits of an integer type.
func width(llvmType string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(llvmType, "i"))
	return n
}

func isSigned(of types.Type) bool {
	basic, ok := of.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsInteger != 0 && basic.Info()&types.IsUnsigned == 0
}

// literal is the value of a constant expression.
func (t *translator) literal(e ast.Expr) string {
	v := t.info.Types[e].Value
	switch {
	case v == nil:
		t.refuse(e, "an element that is not constant")
	case v.Kind() == constant.Bool:
		return v.String()
	case v.Kind() == constant.Int:
		return v.ExactString()
	}
	t.refuse(e, "a constant that is no integer")
	return ""
}
