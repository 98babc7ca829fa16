package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
)

// frameLine is a line of a backtrace as kernel/instance writes it: number,
// offset in the module, or in the native code with a plus sign, program and
// function.
var frameLine = regexp.MustCompile(`^( *\d+: )(0x([0-9a-f]{1,8})|\+0x[0-9a-f]+)( - )(.*)\n$`)

// frameIndent is how far what belongs to a line of a backtrace is moved in.
const frameIndent = "             "

// withPlaces adds to each line of a backtrace the place in the source and the
// functions that were inlined there, where the module has debug information,
// and says what to do where it has none. A report without a backtrace stays as
// it is.
func withPlaces(report string, src *source) string {
	if !strings.Contains(report, ": 0x") {
		return report
	}
	var table *line.Table
	err := errNoModule
	if src.kind == kindModule {
		var module *wasm.Module
		if module, err = src.module(); err == nil {
			table, err = line.Read(module, src.open)
		}
	}
	w := backtraceWriter{table: table, program: src.name + "!"}
	for text := range strings.Lines(report) {
		w.line(text)
	}
	w.endRun()
	switch {
	case err == nil && w.unplaced != "":
		fmt.Fprintf(&w.b, "mewz: lines of the source: %s was compiled without -g\n", w.unplaced)
	case w.framed:
		w.b.WriteString(placesHint(err))
	}
	return w.b.String()
}

// repeatsShown is how often the same frame is shown before the rest of a run,
// as of a recursion without end, is only counted.
const repeatsShown = 3

// backtraceWriter writes a report again, with more to each frame.
type backtraceWriter struct {
	b       strings.Builder
	table   *line.Table
	program string // before the name of each function
	framed  bool   // a frame was there
	// unplaced is the function of the first frame, if its place is not known.
	unplaced string
	last     string // the frame before this one
	repeats  int    // how often it came again
}

// line writes one line of the report.
func (w *backtraceWriter) line(text string) {
	match := frameLine.FindStringSubmatch(text)
	name, isOurs := "", false
	if match != nil {
		name, isOurs = strings.CutPrefix(match[5], w.program)
		if !isOurs && w.table == nil { // an image may have another name than its program
			_, name, isOurs = strings.Cut(match[5], "!")
		}
	}
	if !isOurs {
		w.endRun()
		w.b.WriteString(text)
		return
	}
	if frame := match[2] + name; frame != w.last {
		w.endRun()
		w.last = frame
	} else if w.repeats++; w.repeats >= repeatsShown {
		return
	}
	var frames []line.Frame
	if offset, err := strconv.ParseUint(match[3], 16, 32); err == nil && w.table != nil {
		frames = w.table.At(wasm.Offset(offset))
	}
	frames = completeFrames(frames, name)
	if !w.framed && frames[0].Place.Line == 0 {
		w.unplaced = printable(frames[0].Function)
	}
	w.framed = true
	writeFrames(&w.b, match[1]+match[2]+match[4]+strings.TrimSuffix(match[5], name), frames)
}

// endRun says how many frames a run has beyond those shown.
func (w *backtraceWriter) endRun() {
	if hidden := w.repeats - repeatsShown + 1; hidden > 0 {
		fmt.Fprintf(&w.b, "  ... %d more of the same\n", hidden)
	}
	w.last, w.repeats = "", 0
}

// completeFrames returns what the source knows of a frame that the kernel calls
// name, at least one.
func completeFrames(frames []line.Frame, name string) []line.Frame {
	name = line.Demangle(name)
	if len(frames) == 0 {
		return []line.Frame{{Function: name}}
	}
	// Of a function of C++ the name section has types and namespaces as well; of
	// others it may have a name that nobody wrote, __main_argc_argv.
	last := &frames[len(frames)-1]
	if last.Function == "" || strings.ContainsAny(name, ":(") && strings.Contains(name, last.Function) {
		last.Function = name
	}
	return frames
}

// writeFrames writes a frame of the machine, which the source may know as
// several.
func writeFrames(b *strings.Builder, head string, frames []line.Frame) {
	for i, frame := range frames {
		if i == 0 {
			b.WriteString(head + printable(frame.Function) + "\n")
		} else {
			b.WriteString(frameIndent + "(inlined by) " + printable(frame.Function) + "\n")
		}
		if frame.Place.Line > 0 {
			at := "at "
			if frame.Place.Near {
				at = "near "
			}
			b.WriteString(frameIndent + at + printable(frame.Place.String()) + "\n")
		}
	}
}

// errNoModule says that only the image is here.
var errNoModule = errors.New("no module")

// placesHint says why a backtrace has no lines of the source.
func placesHint(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errNoModule):
		return "mewz: lines of the source: an image has none; run the .wasm file itself\n"
	case errors.Is(err, line.ErrNone):
		return "mewz: lines of the source: the module has no debug information; compile it with -g\n"
	default:
		return fmt.Sprintf("mewz: lines of the source: %s\n", oneLine(message(err)))
	}
}

// open reads a file that the module names: a regular file in the directory of
// the module, since the name is not to be trusted.
func (s *source) open(name string) ([]byte, error) {
	name = filepath.FromSlash(strings.TrimPrefix(name, "./"))
	if s.path == "-" || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q: not read: only files beside the module are", name)
	}
	root, err := os.OpenRoot(filepath.Dir(s.path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// Before it is opened, which would wait for the other end of a pipe.
	if info, err := root.Stat(name); err != nil {
		return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
	}
	defer f.Close()
	return readBounded(f, wasm.MaxModuleBytes)
}
