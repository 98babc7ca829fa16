package text

import "unicode/utf8"

// Annotations that mean something here; others are skipped.
const (
	annotationCustom = "custom" // a custom section
	annotationName   = "name"   // a name for the name section
)

// annotation reads the beginning of an annotation, up to its name.
func (s *scanner) annotation() error {
	start := s.at
	name := s.at + 2
	end := name
	for end < len(s.source) && idChars[s.source[end]] {
		end++
	}
	text := string(s.source[name:end])
	if end == name && end < len(s.source) && s.source[end] == '"' {
		last, err := stringEnd(s.source, end)
		if err != nil && last < len(s.source) && s.source[last] < 0x20 {
			return s.fail(start, "empty annotation id")
		}
		if err != nil {
			return err
		}
		decoded := ParseString(s.source[end:last])
		if !utf8.Valid(decoded) {
			return s.fail(end, "malformed UTF-8 encoding")
		}
		text, end = string(decoded), last
	}
	if text == "" {
		return s.fail(start, "empty annotation id")
	}
	s.open.inside, s.open.name = true, text
	s.open.start, s.open.first, s.open.depth = start, len(s.list), s.depth
	s.at = end
	return nil
}

// closeAnnotation ends an annotation: its tokens leave the text.
func (s *scanner) closeAnnotation() {
	first := s.open.first
	switch s.open.name {
	case annotationCustom, annotationName:
		if s.annotations == nil {
			s.annotations = map[int][]annotation{}
		}
		tokens := append([]Token(nil), s.list[first:]...)
		s.annotations[first] = append(s.annotations[first], annotation{s.open.name, s.open.start, tokens})
	}
	s.list = s.list[:first]
	s.open.inside = false
	s.at++
}
