package main

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"

	"mewz/abi"
	"mewz/image"
	"mewz/test/document"
)

// counted is what the plugin counted in one run of a machine.
type counted struct {
	total pair
	marks []pair // until each mark was reached
}

// pair is a count of instructions and how many of them were iterations of
// string instructions, of which TCG counts every one.
type pair struct{ instructions, repeats uint64 }

func (p pair) minus(q pair) pair {
	return pair{p.instructions - q.instructions, p.repeats - q.repeats}
}

// machineTimeout bounds a machine, which is done within a second or two.
const machineTimeout = "60s"

// steadyClock is a value of QEMU's -icount: an instruction takes a nanosecond of
// the guest's time, so that as many ticks of its timer come in each run, and
// not more of them because counting is slow.
const steadyClock = "shift=0,sleep=off"

// pluginSource counts instructions.
const pluginSource = "test/bench/icount/icount.c"

// countRun runs an image under the plugin and returns the instructions of the
// guest, in all and until each of the marks.
func (b *bench) countRun(machine, image string, marks []uint64, args ...string) (counted, error) {
	plugin, err := b.Plugin(pluginSource)
	if err != nil {
		return counted{}, err
	}
	output := b.Path("counts")
	argument := "file=" + plugin + ",out=" + output
	for _, mark := range marks {
		argument += ",mark=" + strconv.FormatUint(mark, 10)
	}
	flags := []string{
		"run", "--machine", machine, "--accel", "tcg", "--timeout", machineTimeout,
		"--qemu-arg=-plugin", "--qemu-arg=" + argument, "--qemu-arg=-icount", "--qemu-arg=" + steadyClock, image,
	}
	if len(args) > 0 {
		flags = append(append(flags, "--"), args...)
	}
	if _, err := b.exec(b.Mewz, flags...); err != nil {
		return counted{}, err
	}
	return readCounts(output, len(marks))
}

// readCounts reads the plugin's file.
func readCounts(path string, marks int) (counted, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return counted{}, err
	}
	const pairBytes = 16
	if len(content) < (1+marks)*pairBytes {
		return counted{}, fmt.Errorf("%s: %d bytes: the plugin did not run", path, len(content))
	}
	at := func(i int) pair {
		le := binary.LittleEndian
		return pair{le.Uint64(content[i*pairBytes:]), le.Uint64(content[i*pairBytes+8:])}
	}
	c := counted{total: at(0)}
	for i := range marks {
		n := at(1 + i)
		if n.instructions == 0 {
			return c, fmt.Errorf("mark %d was never reached", i)
		}
		c.marks = append(c.marks, n)
	}
	return c, nil
}

// pvhEntryType is the note by which a VMM finds the entry of an image
// (XEN_ELFNOTE_PHYS32_ENTRY in Xen's public/elfnote.h).
const pvhEntryType = 18

// pvhEntry reads the entry of an image from its note: the physical address
// where it begins to run.
func pvhEntry(path string) (uint64, error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_NOTE {
			continue
		}
		notes := make([]byte, p.Filesz)
		if _, err := p.ReadAt(notes, 0); err != nil {
			return 0, err
		}
		if entry, ok := findNote(notes, "Xen\x00", pvhEntryType); ok {
			return uint64(binary.LittleEndian.Uint32(entry)), nil
		}
	}
	return 0, errors.New(path + ": no note says where it begins")
}

// findNote looks for a note with at least four bytes of content (gABI, figure
// 5-4).
func findNote(notes []byte, name string, kind uint32) (content []byte, ok bool) {
	le := binary.LittleEndian
	const header = 12
	for len(notes) >= header {
		nameBytes, contentBytes := uint64(le.Uint32(notes)), uint64(le.Uint32(notes[4:]))
		start := header + (nameBytes+3)&^3
		end := start + contentBytes
		if end > uint64(len(notes)) {
			return nil, false
		}
		if le.Uint32(notes[8:]) == kind && string(notes[header:header+nameBytes]) == name && contentBytes >= 4 {
			return notes[start:end], true
		}
		notes = notes[min((end+3)&^3, uint64(len(notes))):]
	}
	return nil, false
}

// Runs of each machine, which differ: the worst one is held against the budget.
const entryRuns = 3

// entry counts the instructions from the entry of the image to the first of the
// program.
func (b *bench) entry() (*document.Report, error) {
	path, err := b.image(hello, levelFast, portable)
	if err != nil {
		return nil, err
	}
	start, err := pvhEntry(path)
	if err != nil {
		return nil, err
	}
	description, err := image.Read(path)
	if err != nil {
		return nil, err
	}
	machines := []string{"microvm", "q35"}
	if b.short {
		machines = machines[:1]
	}
	t := document.Table{Columns: []string{"machine", "firmware", "entry to Wasm, least", "of these iterations", "entry to Wasm, most", "Wasm to the end"}}
	for _, machine := range machines {
		row, most, err := b.countEntry(machine, path, start, description.Config.Entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", machine, err)
		}
		t.Add(row...)
		b.measured[budgetEntry] = max(b.measured[budgetEntry], float64(most)/1e6)
	}
	r := &document.Report{}
	r.Say("Guest instructions of `hello` (C) under TCG (`-icount "+steadyClock+"`), %d runs each; the firmware is QEMU's and comes before the entry.\n"+
		"*Iterations* are those of string instructions (`rep stos`, `rep movs`), which zero and copy pages; TCG counts each as an instruction.\n"+
		"`-icount` gives the guest a nanosecond for each instruction. Without it more timer ticks fall in, because counting is slow: on a busy\n"+
		"computer 1.06 to 1.20 million were counted that way for a kernel that had 0.70 to 0.98 million this way.", entryRuns)
	r.Table(&t)
	return r, nil
}

func (b *bench) countEntry(machine, path string, start uint64, wasm abi.VirtAddr) (row []string, most uint64, err error) {
	var firmware, program []uint64
	var boot []pair
	for range entryRuns {
		c, err := b.countRun(machine, path, []uint64{start, uint64(wasm)})
		if err != nil {
			return nil, 0, err
		}
		firmware = append(firmware, c.marks[0].instructions)
		boot = append(boot, c.marks[1].minus(c.marks[0]))
		program = append(program, c.total.minus(c.marks[1]).instructions)
	}
	slices.SortFunc(boot, func(p, q pair) int { return cmp.Compare(p.instructions, q.instructions) })
	first, last := boot[0], boot[len(boot)-1]
	return []string{
		machine, count(slices.Min(firmware)), count(first.instructions), count(first.repeats), count(last.instructions), count(slices.Min(program)),
	}, last.instructions, nil
}

// isExit says whether err is a process that ended by itself with a code that is
// not 0.
func isExit(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.Exited()
}
