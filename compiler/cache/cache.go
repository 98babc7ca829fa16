// Package cache keeps results in files under the user's cache directory, by the
// SHA-256 of what they were made from.
//
// In: a key and bytes. Out: the same bytes for the same key, or nothing. It is
// only ever an optimisation: a file that is missing, torn or damaged is a miss,
// and a failure to write is ignored. Several processes may share a directory:
// files appear whole by rename, and eviction deletes the oldest first.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Key identifies an entry.
type Key = [sha256.Size]byte

const (
	magic       = "mewzobj1"
	headerBytes = len(magic) + sha256.Size // then the content, whose checksum that is

	// MaxBytes bounds a cache: a large program has some 50 MB of objects for
	// each level.
	MaxBytes = 2 << 30

	temporaryPrefix = "tmp-"
	// temporaryAge is when a temporary file must be the remains of a crash.
	temporaryAge = time.Hour
)

// Cache is a directory of entries.
type Cache struct {
	directory string
	limit     int64
	written   atomic.Int64
}

// Open returns the cache in directory, which need not exist yet.
func Open(directory string) *Cache { return &Cache{directory: directory, limit: MaxBytes} }

// DefaultDirectory is where the cache of this user belongs.
func DefaultDirectory() (string, error) {
	base, err := os.UserCacheDir()
	return filepath.Join(base, "mewz"), err
}

func (c *Cache) path(key Key) string {
	name := hex.EncodeToString(key[:])
	return filepath.Join(c.directory, name[:2], name[2:])
}

// Get returns the content of key.
func (c *Cache) Get(key Key) ([]byte, bool) {
	path := c.path(key)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	if len(b) < headerBytes || string(b[:len(magic)]) != magic {
		os.Remove(path)
		return nil, false
	}
	content := b[headerBytes:]
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:], b[len(magic):headerBytes]) {
		os.Remove(path)
		return nil, false
	}
	now := time.Now()
	os.Chtimes(path, now, now) // used: not to be evicted
	return content, true
}

// Put stores content under key, if it can.
func (c *Cache) Put(key Key, content []byte) {
	path := c.path(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), temporaryPrefix)
	if err != nil {
		return
	}
	sum := sha256.Sum256(content)
	_, err = f.Write(append([]byte(magic), sum[:]...))
	if err == nil {
		_, err = f.Write(content)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return
	}
	c.written.Add(int64(len(content)))
}

// entry is a file of the cache.
type entry struct {
	path  string
	bytes int64
	used  time.Time
}

// Trim deletes the entries used longest ago if there are too many. It looks at
// the directory only if this process has written to it.
func (c *Cache) Trim() {
	if c.written.Swap(0) == 0 {
		return
	}
	var entries []entry
	total := int64(0)
	filepath.WalkDir(c.directory, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if strings.HasPrefix(d.Name(), temporaryPrefix) {
			if time.Since(info.ModTime()) > temporaryAge {
				os.Remove(path)
			}
			return nil
		}
		entries = append(entries, entry{path, info.Size(), info.ModTime()})
		total += info.Size()
		return nil
	})
	if total <= c.limit {
		return
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.used.UnixNano(), b.used.UnixNano()) })
	for _, e := range entries {
		if total <= c.limit/4*3 {
			return
		}
		if os.Remove(e.path) == nil {
			total -= e.bytes
		}
	}
}
