package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/workbench"
)

// bench is one run of this command.
type bench struct {
	*workbench.Bench
	options
	linux     string // version of the guest's kernel
	namespace *namespace
	machines  []*machine
	trials    int // of machines with little memory

	servers []*server
	native  []*linuxServer
	ours    []*mewzServer
	found   findings
}

// findings are what is measured beside the cells.
type findings struct {
	idle   map[*server]float64
	memory map[*server]uint64
}

// options are the command line.
type options struct {
	quick       bool
	memory      bool
	only        string
	markdown    string
	profilePath string
	machineType string
	timeout     time.Duration
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "only the C servers, at 50 connections")
	flag.BoolVar(&o.memory, "memory", false, "only how much memory our machines need; nothing is written")
	flag.StringVar(&o.only, "only", "", "measure only these servers, `NAMES` with commas: mewz-c, linux-epoll, wazero-c, ...; a prefix will do")
	flag.StringVar(&o.markdown, "markdown", "", "also write the tables into this `file`, between its markers, and the plots beside it")
	flag.StringVar(&o.profilePath, "profile", "", "write the functions of our machines by what they cost into this `file`")
	flag.StringVar(&o.machineType, "machine", "microvm", "of our machines: microvm, q35 or pc")
	flag.DurationVar(&o.timeout, "timeout", 25*time.Minute, "give up after this `time`")
	flag.Parse()
	workbench.Main("benchnet", o.timeout, func(w *workbench.Bench) error { return measure(w, o) })
}

// measure measures, prints, and writes the file at the end, also what was measured
// before something failed.
func measure(w *workbench.Bench, o options) error {
	b := &bench{Bench: w, options: o, found: findings{idle: map[*server]float64{}, memory: map[*server]uint64{}}}
	var err error
	if b.namespace, err = newNamespace(); err != nil {
		return err
	}
	if err := b.choose(); err != nil {
		return err
	}
	defer b.close()
	if o.memory {
		return b.memoryReport()
	}
	start := time.Now()
	facts := b.machineFacts()
	if err := b.boot(); err != nil {
		return err
	}
	b.Progress("all machines serve after %v", time.Since(start).Round(time.Second))
	b.measureAll()
	b.measureRest()
	b.Progress("measured in %v", time.Since(start).Round(time.Second))
	return errors.Join(context.Cause(b.Context), b.publish(facts))
}

// publish prints and writes all that was found.
func (b *bench) publish(facts string) error {
	text := facts + "\n" + b.tables() + "\n" + b.budgetTable()
	fmt.Println(text)
	var failures []error
	for _, s := range b.servers {
		failures = append(failures, s.failed)
	}
	if b.profilePath != "" {
		failures = append(failures, os.WriteFile(b.profilePath, []byte(b.profiles()), 0o666))
	}
	if b.markdown != "" {
		d := document.Document{Path: b.markdown, Writer: "go run ./test/benchnet", Tag: "bench-net"}
		failures = append(failures, d.Replace([]document.Block{{Name: "network", Text: text}}), b.plots())
	}
	return errors.Join(failures...)
}

// choose makes the list of servers, ours first.
func (b *bench) choose() error {
	for _, w := range wasmServers() {
		if s := newMewzServer(w); b.wanted(s.server) {
			b.ours = append(b.ours, s)
			b.servers = append(b.servers, s.server)
		}
	}
	native := nativeServers()
	for i, w := range wasmServers() {
		if w.epoll {
			continue
		}
		native = append(native, wazeroServer(w, portWazero+i))
	}
	for _, s := range native {
		if b.wanted(s.server) {
			b.native = append(b.native, s)
			b.servers = append(b.servers, s.server)
		}
	}
	if len(b.servers) == 0 {
		return fmt.Errorf("-only %s: no server begins like that", b.only)
	}
	return nil
}

func (b *bench) wanted(s *server) bool {
	if b.only != "" {
		return slices.ContainsFunc(strings.Split(b.only, ","), func(prefix string) bool { return strings.HasPrefix(s.name, prefix) })
	}
	return !b.quick || s.quick
}
