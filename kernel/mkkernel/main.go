// Command mkkernel builds a kernel, checks it and writes its ELF file:
//
//	go run ./kernel/mkkernel -o FILE [-main PACKAGE] [-tags TAG,...]
package main

import (
	"flag"
	"fmt"
	"os"

	"mewz/kernel/kernelfile"
)

func main() {
	out := flag.String("o", "", "write the ELF file here")
	pkg := flag.String("main", "mewz/kernel", "package with the main function")
	tags := flag.String("tags", "", "build tags: nonetwork is the kernel for programs without a network, nonetwork,nofiles that for those without files, too")
	flag.Parse()
	if err := run(*out, *pkg, *tags); err != nil {
		fmt.Fprintln(os.Stderr, "mkkernel:", err)
		os.Exit(1)
	}
}

func run(out, pkg, tags string) error {
	if out == "" {
		return fmt.Errorf("no output file: use -o FILE")
	}
	file, err := kernelfile.Build(".", pkg, tags)
	if err != nil {
		return err
	}
	return os.WriteFile(out, file, 0o755)
}
