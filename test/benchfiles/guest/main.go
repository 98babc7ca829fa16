// Command guest is the first process of the Linux guest that test/benchfiles
// compares with. It mounts the file systems that Plan lists and becomes the
// program that is measured, whose streams are the console.
//
// In: /plan.json of the initrd, the kernel's modules beside it. Out: what failed, on
// the console.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"mewz/test/benchfiles/guest/plan"
	"mewz/test/linuxguest/inside"
)

func main() {
	fmt.Println(plan.Failed, start())
	time.Sleep(time.Hour) // the kernel panics when its first process ends
}

// start returns only with an error.
func start() error {
	text, err := os.ReadFile(plan.Path)
	if err != nil {
		return err
	}
	var p plan.Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	if err := inside.Begin(plan.Modules, p.Modules); err != nil {
		return err
	}
	for _, m := range p.Mounts {
		if err := unix.Mount(m.Source, m.Target, m.Type, unix.MS_NOATIME, m.Options); err != nil {
			return fmt.Errorf("mount %s: %w", m.Target, err)
		}
	}
	if err := raw(); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return unix.Exec(plan.Program, []string{plan.Program}, nil)
}

// raw has the console hand over bytes as they are, without an echo.
func raw() error {
	t, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	return unix.IoctlSetTermios(0, unix.TCSETS, t)
}
