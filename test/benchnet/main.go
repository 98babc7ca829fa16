package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/toolchain"
)

// bench is one run of this command.
type bench struct {
	options
	ctx       context.Context
	root      string // of the project
	directory string // for everything that is made, gone afterwards
	mewz      string // path of the command
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
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "benchnet:", err)
		os.Exit(1)
	}
}

// run measures, prints, and writes the file at the end, also what was measured
// before something failed.
func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done after %v: -timeout", o.timeout))
	defer cancel()
	b, err := prepare(ctx, o)
	if err != nil {
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
	progress("all machines serve after %v", time.Since(start).Round(time.Second))
	b.measureAll()
	b.measureRest()
	progress("measured in %v", time.Since(start).Round(time.Second))
	return errors.Join(context.Cause(ctx), b.publish(facts))
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

// prepare finds or makes everything that machines are made of.
func prepare(ctx context.Context, o options) (*bench, error) {
	root, err := toolchain.Root()
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, ctx: ctx, root: root, mewz: os.Getenv("MEWZ")}
	b.found = findings{idle: map[*server]float64{}, memory: map[*server]uint64{}}
	if b.mewz == "" {
		b.mewz = filepath.Join(root, "build", "mewz")
	}
	if _, err := os.Stat(b.mewz); err != nil {
		return nil, fmt.Errorf("%s is missing: run make build", b.mewz)
	}
	if b.namespace, err = newNamespace(); err != nil {
		return nil, err
	}
	// Not below build/: the name of a socket has at most 107 bytes (unix(7)).
	if b.directory, err = os.MkdirTemp("", "benchnet-"); err != nil {
		return nil, err
	}
	if err := b.choose(); err != nil {
		return nil, err
	}
	return b, nil
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
