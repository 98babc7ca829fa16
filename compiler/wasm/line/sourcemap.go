package line

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"mewz/compiler/wasm"
)

// mapTable is a source map, as AssemblyScript and Binaryen write them: its only
// line stands for the module, its columns are offsets there.
type mapTable []mapping

type mapping struct {
	offset uint64
	place  Place // Line 0: none from here on
}

// sourceMap is the JSON of a source map (ECMA-426 section 9).
type sourceMap struct {
	Version    int      `json:"version"`
	SourceRoot string   `json:"sourceRoot"`
	Sources    []string `json:"sources"`
	Mappings   string   `json:"mappings"`
}

// readSourceMap reads the source map that m names (tool conventions, "Source
// maps"), which is a file or a data URL.
func readSourceMap(m *wasm.Module, open Open) (*Table, error) {
	section := custom(m, "sourceMappingURL")
	if section == nil {
		return nil, ErrNone
	}
	r := wasm.NewReader(section, 0)
	n, err := r.Uint32()
	if err != nil {
		return nil, err
	}
	url, err := r.Bytes(n)
	if err != nil {
		return nil, err
	}
	text, err := fetch(string(url), open)
	if err != nil {
		return nil, fmt.Errorf("source map: %w", err)
	}
	var s sourceMap
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("source map: %w", err)
	}
	if s.Version != 3 {
		return nil, fmt.Errorf("source map: version %d, only 3 is known", s.Version)
	}
	table, err := s.decode()
	if err != nil {
		return nil, fmt.Errorf("source map: %w", err)
	}
	return &Table{lookup: table}, nil
}

// fetch returns what a URL leads to.
func fetch(url string, open Open) ([]byte, error) {
	if rest, ok := strings.CutPrefix(url, "data:"); ok {
		head, body, _ := strings.Cut(rest, ",")
		if !strings.HasSuffix(head, ";base64") {
			return []byte(body), nil
		}
		return base64.StdEncoding.DecodeString(body)
	}
	if open == nil {
		return nil, ErrNone
	}
	return open(url)
}

// errMappings says that the mappings of a source map are not what ECMA-426
// section 9.2 describes.
var errMappings = errors.New("the mappings are malformed")

// decode decodes the mappings.
func (s *sourceMap) decode() (mapTable, error) {
	var table mapTable
	var column, source, line, sourceColumn int64
	text := strings.TrimRight(s.Mappings, ";")
	if strings.ContainsRune(text, ';') {
		return nil, fmt.Errorf("%w: more than one line", errMappings)
	}
	for segment := range strings.SplitSeq(text, ",") {
		fields, err := vlq(segment)
		if err != nil {
			return nil, err
		}
		if len(fields) == 0 {
			continue
		}
		column += fields[0]
		m := mapping{offset: uint64(max(column, 0))}
		if len(fields) >= 4 {
			source, line, sourceColumn = source+fields[1], line+fields[2], sourceColumn+fields[3]
			if source < 0 || source >= int64(len(s.Sources)) || line < 0 || line >= 1<<31 || sourceColumn < 0 || sourceColumn >= 1<<31 {
				return nil, errMappings
			}
			m.place = Place{File: path.Join(s.SourceRoot, s.Sources[source]), Line: int(line) + 1, Column: int(sourceColumn) + 1}
		}
		table = append(table, m)
	}
	slices.SortStableFunc(table, func(a, b mapping) int { return cmp.Compare(a.offset, b.offset) })
	return table, nil
}

const vlqDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// vlq decodes the base64 VLQ numbers of one segment (ECMA-426 section 6).
func vlq(segment string) (fields []int64, err error) {
	value, shift := int64(0), 0
	for i := range len(segment) {
		digit := strings.IndexByte(vlqDigits, segment[i])
		if digit < 0 || shift > 35 {
			return nil, errMappings
		}
		value |= int64(digit&31) << shift
		shift += 5
		if digit&32 != 0 {
			continue
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		fields = append(fields, value)
		value, shift = 0, 0
	}
	if shift != 0 || len(fields) > 5 {
		return nil, errMappings
	}
	return fields, nil
}

func (t mapTable) frames(offset wasm.Offset) []Frame {
	i, found := slices.BinarySearchFunc(t, uint64(offset), func(m mapping, offset uint64) int { return cmp.Compare(m.offset, offset) })
	if !found {
		i--
	}
	if i < 0 || t[i].place.Line == 0 {
		return nil
	}
	return []Frame{{Place: t[i].place}}
}
