package differential

import "fmt"

// format is a value as a case file has it: the type and the bits.
func format(letter byte, v word) string {
	if letter == 'v' {
		return fmt.Sprintf("v:%#x,%#x", v[0], v[1])
	}
	return fmt.Sprintf("%c:%#x", letter, v[0])
}
