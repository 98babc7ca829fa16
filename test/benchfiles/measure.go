package main

import (
	"errors"
	"fmt"
)

// key is a cell of the tables.
type key struct{ side, fileSystem, operation string }

// result is what one operation costs.
type result struct {
	instructions float64 // without iterations of string instructions
	repeats      float64 // those
	check        string  // of the program
}

// operationPrepare makes the files that the others use.
const operationPrepare = "prepare"

// operation is one row of a table.
type operation struct {
	name    string
	title   string
	times   int // in the shorter of two runs
	changes bool
	durable bool
}

// The operations in an order in which each finds what it needs. As many as there are
// files of a kind, so that both runs go over all of them equally often.
var operations = []operation{
	{name: "open", title: "open, read, close a file of 1 KiB", times: 500},
	{name: "stat", title: "stat", times: 500},
	{name: "read4k", title: "read 4 KiB, one after the other", times: 4096},
	{name: "read1m", title: "read 1 MiB, one after the other", times: 32},
	{name: "readany", title: "read 4 KiB anywhere", times: 1000},
	{name: "write4k", title: "write 4 KiB, one after the other", times: 4096, changes: true},
	{name: "write1m", title: "write 1 MiB, one after the other", times: 32, changes: true},
	{name: "writeany", title: "write 4 KiB anywhere", times: 1000, changes: true},
	{name: "names", title: "create, stat, rename, unlink", times: 300, changes: true},
	{name: "list", title: "list 1,000 names", times: 10},
	{name: "durable", title: "write 4 KiB and fsync", times: 50, changes: true, durable: true},
}

// quickFraction of the operations is done with -quick.
const quickFraction = 10

// longerBy is how many times longer the second run is.
const longerBy = 3

func (f *fileSystem) does(o *operation) bool {
	return (!o.changes || !f.readOnly) && (!o.durable || f.lasts)
}

// measureFileSystem does all operations on a file system.
func (b *bench) measureFileSystem(side string, s *session, f *fileSystem) error {
	if !f.readOnly {
		if _, _, err := s.do(b.Context, f.folder, operationPrepare, 1); err != nil {
			return err
		}
	}
	for i := range operations {
		o := &operations[i]
		if !f.does(o) {
			continue
		}
		b.Progress("%s: %s: %s", side, f.title, o.title)
		r, err := b.measureOperation(s, f, o)
		if err != nil {
			return err
		}
		b.results[key{side, f.name, o.name}] = r
	}
	return nil
}

// measureOperation returns the cost of one of the operations between a short and a
// long run, after one that warms up.
func (b *bench) measureOperation(s *session, f *fileSystem, o *operation) (result, error) {
	times := o.times
	if b.quick {
		times = max(1, times/quickFraction)
	}
	if _, _, err := s.do(b.Context, f.folder, o.name, times); err != nil {
		return result{}, err
	}
	short, _, err := s.do(b.Context, f.folder, o.name, times)
	if err != nil {
		return result{}, err
	}
	long, check, err := s.do(b.Context, f.folder, o.name, times*longerBy)
	if err != nil {
		return result{}, err
	}
	n := float64(times * (longerBy - 1))
	d := long.minus(short)
	if long.instructions <= short.instructions {
		return result{}, fmt.Errorf("%s: %d times cost %d instructions but %d times %d",
			o.name, times, short.instructions, times*longerBy, long.instructions)
	}
	return result{float64(d.instructions-d.repeats) / n, float64(d.repeats) / n, check}, nil
}

// compare makes sure that both sides have read the same.
func (b *bench) compare() error {
	var errs []error
	for k, r := range b.results {
		if k.side != ours {
			continue
		}
		if other := b.results[key{linux, k.fileSystem, k.operation}]; other.check != r.check {
			errs = append(errs, fmt.Errorf("%s: %s: our machine has read %s and Linux %s", k.fileSystem, k.operation, r.check, other.check))
		}
	}
	return errors.Join(errs...)
}
