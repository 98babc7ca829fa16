package listing

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
)

var (
	irLocation   = regexp.MustCompile(`(?m)^!(\d+) = (?:distinct )?!DILocation\(line: (\d+)`)
	irHead       = regexp.MustCompile(`( !dbg !\d+)? \{$`)
	irAttachment = regexp.MustCompile(`, !dbg !(\d+)`)
)

// irPredecessors begins the remark that opt writes behind labels.
const irPredecessors = "; preds = "

// addIR adds the lines of a function of an LLVM module to the groups of their
// places. What has none, labels and phis, goes with what follows it.
func (b *builder) addIR(module []byte, symbol string) error {
	body, err := irFunction(module, symbol)
	if err != nil {
		return err
	}
	places := map[string]wasm.Offset{}
	for _, match := range irLocation.FindAllSubmatch(module, -1) {
		if offset, err := strconv.ParseUint(string(match[2]), 10, 32); err == nil {
			places[string(match[1])] = wasm.Offset(offset)
		}
	}
	var waiting []string
	last := b.group(0)
	for text := range strings.Lines(body) {
		text = strings.TrimRight(text, "\n")
		match := irAttachment.FindStringSubmatchIndex(text)
		isHead := strings.HasPrefix(text, "define ")
		if match == nil && !isHead {
			if label, _, _ := strings.Cut(text, " "+irPredecessors); strings.TrimSpace(text) != "" && text != "}" {
				waiting = append(waiting, strings.TrimRight(label, " "))
			}
			continue
		}
		group := b.group(0)
		if !isHead {
			if offset := places[text[match[2]:match[3]]]; offset != 0 {
				group = b.group(offset)
			}
		}
		if match != nil {
			text = text[:match[0]] + text[match[1]:]
		}
		if isHead {
			text = irHead.ReplaceAllString(text, "")
		}
		group.IR = append(append(group.IR, waiting...), text)
		waiting, last = nil, group
	}
	last.IR = append(last.IR, waiting...)
	return nil
}

// irFunction cuts the definition of a function out of an LLVM module.
func irFunction(module []byte, symbol string) (string, error) {
	for _, name := range []string{"@" + symbol + "(", "@" + strconv.Quote(symbol) + "("} {
		at := bytes.Index(module, []byte(" "+name))
		for at >= 0 {
			start := bytes.LastIndexByte(module[:at], '\n') + 1
			if bytes.HasPrefix(module[start:], []byte("define ")) {
				end := bytes.Index(module[start:], []byte("\n}\n"))
				if end < 0 {
					break
				}
				return string(module[start : start+end+3]), nil
			}
			next := bytes.Index(module[at+1:], []byte(" "+name))
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return "", fmt.Errorf("the LLVM module has no function %q", symbol)
}
