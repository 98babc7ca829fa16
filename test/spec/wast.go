package spec

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"mewz/compiler/wasm/text"
)

// reader reads a script in the text format (interpreter/README.md). Its first
// error stays; after it the script ends.
type reader struct {
	*text.Tokens
	script      *Script
	source      []byte
	at          int
	err         error
	definitions map[string]*Command
	counted     int // bytes whose lines are counted
	lines       int // in them
}

// Read reads the commands of a script from its source.
func (s *Script) Read() error {
	source, err := os.ReadFile(s.Source)
	if err != nil {
		return err
	}
	if err := s.parse(source); err != nil {
		return fmt.Errorf("%s:%w", s.Source, err)
	}
	return nil
}

// parse reads the commands of a script.
func (s *Script) parse(source []byte) error {
	tokens, err := text.Scan(source)
	if err != nil {
		return err
	}
	r := &reader{Tokens: tokens, script: s, source: source, definitions: map[string]*Command{}}
	if r.peek(0).Kind == text.Open && !slices.Contains(commandWords, r.word(1)) {
		b, err := tokens.Module(0, len(tokens.All())) // the fields of one module
		s.Commands = []Command{{Type: "module", Line: 1, module: &moduleSource{b, err}}}
		return nil
	}
	for r.err == nil && r.peek(0).Kind != text.EOF {
		c := r.command()
		s.Commands = append(s.Commands, c)
	}
	return r.err
}

// commandWords are the words that commands begin with.
var commandWords = strings.Fields("module register invoke get assert_return assert_trap assert_exception assert_exhaustion assert_malformed " +
	"assert_invalid assert_unlinkable assert_suspension assert_malformed_custom assert_invalid_custom thread wait script input output")

func (r *reader) peek(n int) text.Token {
	list := r.All()
	if r.err != nil || r.at+n >= len(list) {
		end := uint32(len(r.source))
		return text.Token{Kind: text.EOF, Start: end, End: end}
	}
	return list[r.at+n]
}

func (r *reader) next() text.Token {
	t := r.peek(0)
	if t.Kind != text.EOF {
		r.at++
	}
	return t
}

// literal is a token as it is written.
func (r *reader) literal(t text.Token) []byte { return r.source[t.Start:t.End] }

// word is the token n after the next one, as it is written.
func (r *reader) word(n int) string { return string(r.literal(r.peek(n))) }

func (r *reader) fail(t text.Token, format string, args ...any) {
	if r.err == nil {
		line, column := text.Position(r.source, int(t.Start))
		r.err = &text.Error{Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	}
}

// expect reads a token of a kind.
func (r *reader) expect(kind text.Kind, want string) text.Token {
	t := r.next()
	if t.Kind != kind {
		r.fail(t, "unexpected %q: expected %s", r.literal(t), want)
	}
	return t
}

// enter reads "(" and a keyword.
func (r *reader) enter(want string) string {
	r.expect(text.Open, want)
	return string(r.literal(r.expect(text.Keyword, want)))
}

func (r *reader) close() { r.expect(text.Close, ")") }

// skip reads to the end of what a parenthesis began, which is read already.
func (r *reader) skip() {
	for depth := 1; depth > 0; {
		switch t := r.next(); t.Kind {
		case text.Open:
			depth++
		case text.Close:
			depth--
		case text.EOF:
			r.fail(t, "the script ends inside a command")
			return
		}
	}
}

// name reads $name if it follows.
func (r *reader) name() string {
	if r.peek(0).Kind != text.ID {
		return ""
	}
	return string(r.literal(r.next()))
}

// string reads a string literal.
func (r *reader) string() string {
	t := r.expect(text.String, "a string")
	if r.err != nil {
		return ""
	}
	return string(text.ParseString(r.literal(t)))
}

// line is the line of a position behind all that it was asked for before.
func (r *reader) line(at int) int {
	lines, _ := text.Position(r.source[r.counted:at], at-r.counted)
	r.lines, r.counted = r.lines+lines-1, at
	return r.lines + 1
}

// command reads one command.
func (r *reader) command() Command {
	start := r.peek(0)
	c := Command{Line: r.line(int(start.Start)), Type: r.word(1)}
	switch c.Type {
	case "module":
		r.module(&c)
		return c
	case "invoke", "get":
		c.Action, c.Type = r.action(), "action"
		return c
	}
	r.enter("a command")
	switch c.Type {
	case "register":
		c.As, c.Name = r.string(), r.name()
		r.close()
	case "assert_return":
		c.Action = r.action()
		for r.peek(0).Kind == text.Open {
			c.Expected = append(c.Expected, r.value())
		}
		r.close()
	case "assert_exception":
		c.Action = r.action()
		r.close()
	case "assert_trap", "assert_exhaustion":
		r.assertTrap(&c)
	case "assert_malformed", "assert_invalid", "assert_unlinkable":
		r.assertModule(&c)
	default: // the runner says that it does not know it
		r.skip()
	}
	return c
}

// assertTrap reads what is expected to trap: an action, or a module.
func (r *reader) assertTrap(c *Command) {
	if r.word(1) == "module" {
		c.Type = "assert_uninstantiable"
		r.assertModule(c)
		return
	}
	c.Action, c.Text = r.action(), r.string()
	r.close()
}

func (r *reader) assertModule(c *Command) {
	m := Command{Line: c.Line}
	r.module(&m)
	c.module, c.ModuleType, c.Text = m.module, m.ModuleType, r.string()
	r.close()
}

// module reads (module ...) in all its forms.
func (r *reader) module(c *Command) {
	start := r.at
	r.enter("(module ...)")
	c.Type = "module"
	switch r.word(0) {
	case "instance":
		r.at++
		r.instance(c)
		return
	case "definition":
		r.at++
		c.Type = "module_definition"
		start = r.at // the fields without what is around them
	}
	c.Name = r.name()
	if c.Type == "module_definition" {
		r.definitions[c.Name] = c
	}
	switch r.word(0) {
	case "binary", "quote":
		c.ModuleType = r.word(0)
		r.at++
		var b []byte
		for r.peek(0).Kind == text.String {
			b = append(b, text.ParseString(r.literal(r.next()))...)
		}
		r.close()
		c.module = &moduleSource{bytes: b}
		if c.ModuleType == "quote" {
			c.ModuleType = moduleText
			c.module.bytes, c.module.err = text.Module(b)
		}
		return
	}
	if c.Type == "module_definition" {
		start = r.at
	}
	r.skip()
	end := r.at
	if c.Type == "module_definition" {
		end--
	}
	if r.err == nil {
		b, err := r.Tokens.Module(start, end)
		c.module = &moduleSource{b, err}
	}
}

// instance reads $instance $definition: it is as if the definition stood here.
func (r *reader) instance(c *Command) {
	c.Name = r.name()
	at := r.peek(0)
	definition := r.definitions[r.name()]
	if definition == nil {
		r.fail(at, "no definition of this name")
		return
	}
	c.module, c.ModuleType = definition.module, definition.ModuleType
	r.close()
}

// action reads (invoke $module? "name" value*) or (get $module? "name").
func (r *reader) action() *Action {
	a := &Action{Type: r.enter("(invoke ...) or (get ...)")}
	a.Module, a.Field = r.name(), r.string()
	for r.peek(0).Kind == text.Open {
		a.Args = append(a.Args, r.value())
	}
	r.close()
	return a
}

// value reads an argument or an expected result.
func (r *reader) value() (v Value) {
	at := r.peek(1)
	word := r.enter("a value")
	switch word {
	case "i32.const", "i64.const", "f32.const", "f64.const":
		v.Type = word[:3]
		v.Value = r.number(v.Type)
	case "v128.const":
		v = r.vector()
	case "either":
		v.Type = word
		for r.peek(0).Kind == text.Open {
			v.Values = append(v.Values, r.value())
		}
	default:
		v = r.reference(at, word)
	}
	r.close()
	return v
}

// number reads a number, whose bits are written in decimal, or a NaN pattern.
func (r *reader) number(kind string) string {
	t := r.next()
	literal := r.literal(t)
	bits := laneBits[kind]
	if string(literal) == "nan:canonical" || string(literal) == "nan:arithmetic" {
		return string(literal)
	}
	var v uint64
	var err error
	if strings.HasPrefix(kind, "f") {
		v, err = text.ParseFloat(literal, bits)
	} else {
		v, err = text.ParseInteger(literal, bits)
	}
	if err != nil {
		r.fail(t, "%s %q: %v", kind, literal, err)
	}
	return strconv.FormatUint(v, 10)
}

// vector reads a shape and its lanes.
func (r *reader) vector() Value {
	t := r.next()
	lane, count, _ := strings.Cut(string(r.literal(t)), "x")
	n, err := strconv.Atoi(count)
	if err != nil || laneBits[lane]*n != 128 {
		r.fail(t, "unexpected %q: expected the shape of a vector", r.literal(t))
		return Value{}
	}
	var lanes []any
	for range n {
		lanes = append(lanes, r.number(lane))
	}
	return Value{Type: "v128", LaneType: lane, Value: lanes}
}

// nullTypes are the reference types by the heap type of (ref.null ...).
var nullTypes = map[string]string{
	"func": "funcref", "extern": "externref", "any": "anyref", "eq": "eqref", "i31": "i31ref", "struct": "structref", "array": "arrayref", "exn": "exnref",
}

// reference reads (ref.null t?), or (ref.t n?): without a number any reference
// of the type.
func (r *reader) reference(at text.Token, word string) Value {
	kind, ok := strings.CutPrefix(word, "ref.")
	switch {
	case !ok:
		r.fail(at, "unexpected %q: expected a value", word)
	case kind == "null":
		v := Value{Type: "refnull"}
		if r.peek(0).Kind != text.Close {
			if t := nullTypes[string(r.literal(r.next()))]; t != "" {
				v = Value{Type: t, Value: "null"}
			}
		}
		return v
	case kind == "host":
		kind = "any"
	}
	v := Value{Type: kind + "ref"}
	if r.peek(0).Kind == text.Nat {
		v.Value = r.number("i32")
	}
	return v
}
