package differential

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"mewz/compiler/wasm/decode"
)

// A case is kept as two files: the module, and a text with the calls and how they
// must end. Lines of the text:
//
//	# a remark
//	judge NAME            if the other engine is not wazero
//	variant NAME          with which the difference was found
//	sequence              a new instance
//	call NAME VALUE...    a value is its type's letter, a colon and its bits
//	= VALUE...            what the call returns
//	! ENDING              or how it ends

// caseHeader is what a text says besides the calls.
type caseHeader struct {
	remarks []string
	variant string
}

// outcome is how a call must end.
type outcome struct {
	results string // as in the text
	ending
}

// text writes the calls of a case, without outcomes.
func (c *Case) text(h *caseHeader) []byte { return c.textWith(h, nil) }

// textWith writes a case with the outcomes of its calls, if there are any.
func (c *Case) textWith(h *caseHeader, outcomes [][]outcome) []byte {
	var b bytes.Buffer
	for _, remark := range h.remarks {
		fmt.Fprintf(&b, "# %s\n", remark)
	}
	if c.Judge != JudgeWazero {
		fmt.Fprintf(&b, "judge %s\n", c.Judge)
	}
	fmt.Fprintf(&b, "variant %s\n", h.variant)
	for k, calls := range c.Sequences {
		b.WriteString("sequence\n")
		for n := range calls {
			if t := c.function(calls[n].Name); t != nil {
				fmt.Fprintf(&b, "call %s\n", show(&calls[n], t))
			}
			switch {
			case k >= len(outcomes) || n >= len(outcomes[k]):
			case outcomes[k][n].ending == returned:
				fmt.Fprintln(&b, strings.TrimRight("= "+outcomes[k][n].results, " "))
			default:
				fmt.Fprintf(&b, "! %s\n", outcomes[k][n].ending)
			}
		}
	}
	return b.Bytes()
}

// withModule is the same calls of another module.
func (c *Case) withModule(module []byte) (*Case, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	other := *c
	other.Module, other.decoded = module, m
	return &other, nil
}

// withCalls is one sequence of calls of the same module.
func (c *Case) withCalls(calls []Call) *Case {
	other := *c
	other.Sequences = [][]Call{calls}
	return &other
}

// parseCase reads a case.
func parseCase(module, text []byte) (*Case, *caseHeader, error) {
	c, h, _, err := parseKept(module, text)
	return c, h, err
}

// parseKept reads a case with its outcomes.
func parseKept(module, text []byte) (*Case, *caseHeader, [][]outcome, error) {
	c, err := (&Case{Judge: JudgeWazero}).withModule(module)
	if err != nil {
		return nil, nil, nil, err
	}
	h := &caseHeader{}
	var outcomes [][]outcome
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		word, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		last := len(c.Sequences) - 1
		if (word == "call" || word == "=" || word == "!") && last < 0 {
			return nil, nil, nil, fmt.Errorf("line %d: %q before the first sequence", number, word)
		}
		switch word {
		case "#":
			h.remarks = append(h.remarks, rest)
		case "judge":
			c.Judge = rest
		case "variant":
			h.variant = rest
		case "sequence":
			c.Sequences = append(c.Sequences, nil)
			outcomes = append(outcomes, nil)
		case "call":
			call, err := c.parseCall(rest)
			if err != nil {
				return nil, nil, nil, fmt.Errorf("line %d: %w", number, err)
			}
			c.Sequences[last] = append(c.Sequences[last], call)
		case "=":
			outcomes[last] = append(outcomes[last], outcome{rest, returned})
		case "!":
			outcomes[last] = append(outcomes[last], outcome{"", ending(rest)})
		default:
			return nil, nil, nil, fmt.Errorf("line %d: %q is no word of a case", number, word)
		}
	}
	return c, h, outcomes, nil
}

func (c *Case) parseCall(text string) (Call, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return Call{}, fmt.Errorf("call of nothing")
	}
	t := c.function(fields[0])
	if t == nil {
		return Call{}, fmt.Errorf("no function %q is exported", fields[0])
	}
	if len(fields)-1 != len(t.Params) {
		return Call{}, fmt.Errorf("%d arguments for %q, which has %d parameters", len(fields)-1, fields[0], len(t.Params))
	}
	call := Call{Name: fields[0]}
	for k, field := range fields[1:] {
		v, err := parseValue(field)
		if err != nil {
			return Call{}, err
		}
		if letter := letterOf(t.Params[k]); field[0] != letter {
			return Call{}, fmt.Errorf("argument %d is of type %c, want %c", k, field[0], letter)
		}
		call.Arguments = append(call.Arguments, v)
	}
	return call, nil
}

// format is a value as the text has it.
func format(letter byte, v word) string {
	if letter == 'v' {
		return fmt.Sprintf("v:%#x,%#x", v[0], v[1])
	}
	return fmt.Sprintf("%c:%#x", letter, v[0])
}

func parseValue(text string) (v word, err error) {
	letter, rest, ok := strings.Cut(text, ":")
	if !ok || len(letter) != 1 {
		return v, fmt.Errorf("value %q is not a letter, a colon and bits", text)
	}
	for k, part := range strings.Split(rest, ",") {
		if k >= len(v) {
			return v, fmt.Errorf("value %q has too many words", text)
		}
		if v[k], err = strconv.ParseUint(part, 0, 64); err != nil {
			return v, err
		}
	}
	return v, nil
}

// Outcomes asks the oracle how the calls of a case end.
func (r *Runner) Outcomes(ctx context.Context, c *Case) ([][]outcome, error) {
	oracle, err := r.oracle(ctx, c, false)
	if err != nil {
		return nil, err
	}
	defer oracle.Close(ctx)
	var all [][]outcome
	for _, calls := range c.Sequences {
		m, end, err := oracle.instantiate(ctx)
		if err != nil {
			return nil, err
		}
		var list []outcome
		for k := range calls {
			if end != returned {
				list = append(list, outcome{"", end})
				break
			}
			var results []word
			if results, end, err = m.call(calls[k].Name, calls[k].Arguments); err != nil {
				return nil, err
			}
			list = append(list, outcome{c.formatResults(&calls[k], results), end})
		}
		if m != nil {
			m.close()
		}
		all = append(all, list)
	}
	return all, nil
}

// formatResults writes results with every NaN as the canonical one.
func (c *Case) formatResults(call *Call, results []word) string {
	var parts []string
	t := c.function(call.Name)
	for k, v := range results {
		letter := letterOf(t.Results[k])
		parts = append(parts, format(letter, withoutNaN(letter, v)))
	}
	return strings.Join(parts, " ")
}
