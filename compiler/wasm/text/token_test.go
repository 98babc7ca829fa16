package text

import (
	"strings"
	"testing"
)

var kindNames = map[Kind]string{
	Open: "(", Close: ")", Keyword: "keyword", ID: "id", String: "string", Nat: "nat", Int: "int", Float: "float", Reserved: "reserved",
}

func TestScan(t *testing.T) {
	tests := []struct{ source, want string }{
		{"", ""},
		{"(module)", "( keyword )"},
		{"i32.const 1", "keyword nat"},
		{"0 0x1F 1_000 0x1_f", "nat nat nat nat"},
		{"+0 -0x1F", "int int"},
		{"0. 0.5 1e3 1E-3 0x1p3 0x1.8P+3 0x1.8 -1.5", "float float float float float float float float"},
		{"inf -inf +nan nan:0x1 -nan:0x1_2", "keyword float float keyword float"},
		{"1_ _1 1__0 0x 0x_1 1e .5 0x1e+ 1.e1_ -", "reserved reserved reserved reserved reserved reserved reserved reserved reserved reserved"},
		{`$a $"a b" $! "" "a\41\u{42}\n"`, "id id id string string"},
		{`0$a "a"b a"b" "a""b" $a"b" $"a"b A @x`, "reserved reserved reserved reserved reserved reserved reserved reserved"},
		{", ; [ ] { } {}", "reserved reserved reserved reserved reserved reserved reserved reserved"},
		{"a;;b\nc;;d\re;;f", "keyword keyword keyword"},
		{"a(;(;b;);;c\n;)d ;;", "keyword keyword"},
		{"(@a b (c) \")\" (;)(;;)) ;)) x (@\"b\")", "keyword"},
		{"(@custom \"a\") x (@name \"b\")", "keyword"},
		{";; \u00e4 \u4e16\n\"\u00e4\"", "string"},
	}
	for _, test := range tests {
		tokens, err := Scan([]byte(test.source))
		if err != nil {
			t.Errorf("Scan(%q) = %v", test.source, err)
			continue
		}
		var kinds []string
		for _, token := range tokens.All() {
			kinds = append(kinds, kindNames[token.Kind])
		}
		if got := strings.Join(kinds, " "); got != test.want {
			t.Errorf("Scan(%q) = %s, want %s", test.source, got, test.want)
		}
	}
}

func TestScanMalformed(t *testing.T) {
	tests := []struct{ source, want string }{
		{"a\n \x01", "2:2: illegal character 0x01"},
		{"\u00e4", `1:1: illegal character "ä": only strings and comments may have it`},
		{"\u00e4\u00e4 \x80", `1:1: illegal character "ä": only strings and comments may have it`},
		{"\"ää\" \x80", "1:6: malformed UTF-8 encoding"},
		{";; \xff", "1:4: malformed UTF-8 encoding"},
		{"(; \xff ;)", "1:4: malformed UTF-8 encoding"},
		{"\"\xff\"", `1:2: malformed UTF-8 encoding in a string: write bytes as \hh`},
		{"(; (; ;)", "1:1: unclosed comment"},
		{"\"abc", "1:1: unclosed string"},
		{"\"abc\nd\"", "1:1: unclosed string"},
		{"\"\\", "1:2: illegal escape in a string"},
		{`"\q"`, "1:2: illegal escape in a string"},
		{`"\0"`, "1:2: illegal escape in a string"},
		{`"\u{110000}"`, "1:2: illegal escape in a string"},
		{`"\u{d800}"`, "1:2: illegal escape in a string"},
		{`"\u{}"`, "1:2: illegal escape in a string"},
		{"\"\t\"", "1:2: illegal control character 0x09 in a string"},
		{"\"\x7f\"", "1:2: illegal control character 0x7f in a string"},
		{"$", "1:1: empty identifier"},
		{`$""`, "1:1: empty identifier"},
		{"$\"a\nb\"", "1:1: empty identifier"},
		{`$"\ff"`, "1:1: malformed UTF-8 encoding"},
		{"(@)", "1:1: empty annotation id"},
		{"(@ a)", "1:1: empty annotation id"},
		{`(@"")`, "1:1: empty annotation id"},
		{`(@"\ff")`, "1:3: malformed UTF-8 encoding"},
		{"x (@a (b)", "1:3: unclosed annotation"},
		{`(@a "`, "1:5: unclosed string"},
		{"(@", "1:1: empty annotation id"},
	}
	for _, test := range tests {
		if _, err := Scan([]byte(test.source)); err == nil || err.Error() != test.want {
			t.Errorf("Scan(%q) = %v, want %s", test.source, err, test.want)
		}
	}
}

func TestPosition(t *testing.T) {
	source := []byte("a\r\nb\rä c")
	for at, want := range map[int][2]int{0: {1, 1}, 3: {2, 1}, 5: {3, 1}, 8: {3, 3}, 9: {3, 4}} {
		if line, column := Position(source, at); line != want[0] || column != want[1] {
			t.Errorf("Position(%q, %d) = %d, %d, want %d, %d", source, at, line, column, want[0], want[1])
		}
	}
}
