package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"mewz/test/document"
	"mewz/test/toolchain"
)

// roomProgram takes all memory there is; it must not stop at what one linear memory
// may have, so the machine is small.
var roomProgram = toolchain.Program{
	Name: "benchroom", Language: toolchain.C, Sources: []string{"test/benchfiles/src/room.c"}, Flags: []string{"-O2", "-Wall"},
}

// The large archive of the issue, and the memory of its machine.
const (
	bootFiles     = 10_000
	bootFileBytes = 10_000 // 100 MB in all
	bootPerFolder = 100
	bootMemory    = "512M"
	wasmPage      = 64 << 10
)

// boot is what it costs until the program has ended that has taken all memory.
type boot struct {
	title        string
	archive      int64  // bytes
	instructions uint64 // of a program that ends at once
	room         int64  // bytes that a program can take
}

// measureBoot boots with an empty archive and with a large one.
func (b *bench) measureBoot() ([]boot, error) {
	large := b.Path("large")
	content := make([]byte, bootFileBytes)
	for i := range bootFiles {
		folder := filepath.Join(large, strconv.Itoa(i/bootPerFolder))
		if i%bootPerFolder == 0 {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return nil, err
			}
		}
		copy(content, strconv.Itoa(i))
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(i)), content, 0o666); err != nil {
			return nil, err
		}
	}
	empty := b.Path("empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		return nil, err
	}
	none, err := b.bootOnce("no file", empty)
	if err != nil {
		return nil, err
	}
	all, err := b.bootOnce(fmt.Sprintf("%s files", document.Count(bootFiles)), large)
	if err != nil {
		return nil, err
	}
	return []boot{none, all}, nil
}

func (b *bench) bootOnce(title, folder string) (boot, error) {
	b.Progress("boot with an archive of %s", title)
	wasm, err := toolchain.Wasm(roomProgram)
	if err != nil {
		return boot{}, err
	}
	plugin, err := b.Plugin(pluginSource)
	if err != nil {
		return boot{}, err
	}
	image, counts := b.Path("boot.img"), b.Path("boot.counts")
	if err := b.Execute(b.Mewz, "build", "--root", folder, "-o", image, wasm); err != nil {
		return boot{}, err
	}
	info, err := os.Stat(image)
	if err != nil {
		return boot{}, err
	}
	c := exec.CommandContext(b.Context, b.Mewz, "run", "--accel", "tcg", "-m", bootMemory,
		"--qemu-arg=-plugin", "--qemu-arg=file="+plugin+",out="+counts, image)
	output, err := c.Output()
	if err != nil {
		return boot{}, fmt.Errorf("%s: %w\n%s", image, err, output)
	}
	pages, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(output), "room ")))
	if err != nil {
		return boot{}, fmt.Errorf("the program said %q", output)
	}
	n, err := (&session{counts: counts}).snapshot()
	return boot{title, info.Size(), n.instructions - n.repeats, int64(pages) * wasmPage}, err
}

// bootTable renders what measureBoot found.
func bootTable(boots []boot) string {
	t := document.Table{Columns: []string{"archive", "image, MB", "instructions to the end", "memory for the program, MiB", "image and that, MiB"}}
	for _, x := range boots {
		t.Add(x.title, fmt.Sprintf("%.1f", float64(x.archive)/1e6), document.Count(float64(x.instructions)),
			fmt.Sprintf("%.1f", float64(x.room)/(1<<20)), fmt.Sprintf("%.1f", float64(x.room+x.archive)/(1<<20)))
	}
	return fmt.Sprintf("A program that takes all memory of a machine with `-m %s` and says how much that was, with files in its image.\n\n%s", bootMemory, t.String())
}
