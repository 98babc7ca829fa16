package compiler

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime/debug"

	"mewz/compiler/cache"
	"mewz/compiler/object"
)

// The whole object is cached as well as its shards: a second run of the same
// module then costs a hash and a read.

// buildIdentity tells this build of mewz from others, whose objects may differ.
func buildIdentity() string {
	identity := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		identity = info.Main.Version
	}
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			identity += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return identity
}

func (c *compilation) key(module []byte) cache.Key {
	h := sha256.New()
	fmt.Fprintf(h, "object\x00%s\x00%s\x00%q\x00", buildIdentity(), c.tools.Identity(), []string{
		c.Level, c.CPU, c.Target, c.SymbolPrefix, c.Name, fmt.Sprint(c.HashedTypeIDs, c.Memory, c.NoLocations, c.NoGlobal0Register),
	})
	h.Write(module)
	return cache.Key(h.Sum(nil))
}

// cached returns the result of an earlier compilation, or nil.
func (c *compilation) cached(module []byte) *Result {
	if c.cache == nil {
		return nil
	}
	b, ok := c.cache.Get(c.key(module))
	if !ok {
		return nil
	}
	f, err := object.Read("cached object", b)
	if err != nil {
		return nil
	}
	m, err := f.Module()
	if err != nil {
		return nil
	}
	return &Result{Object: b, Module: m, Cached: true}
}

func (c *compilation) store(module []byte, r *Result) {
	if c.cache != nil {
		c.cache.Put(c.key(module), r.Object)
	}
}
