package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGetPut(t *testing.T) {
	c := Open(filepath.Join(t.TempDir(), "not", "there", "yet"))
	key := Key{1, 2, 3}
	if _, ok := c.Get(key); ok {
		t.Fatal("Get finds something in an empty cache")
	}
	want := []byte("content")
	c.Put(key, want)
	if got, ok := c.Get(key); !ok || !bytes.Equal(got, want) {
		t.Fatalf("Get = %q, %v, want %q", got, ok, want)
	}
}

func TestGetDamagedEntry(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"flipped bit": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut off":     func(b []byte) []byte { return b[:len(b)-3] },
		"empty":       func([]byte) []byte { return nil },
		"other file":  func([]byte) []byte { return bytes.Repeat([]byte("x"), 100) },
	} {
		t.Run(name, func(t *testing.T) {
			c := Open(t.TempDir())
			key := Key{9}
			c.Put(key, []byte("some content"))
			b, err := os.ReadFile(c.path(key))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(c.path(key), damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Get(key); ok {
				t.Errorf("Get = %q, want a miss", got)
			}
			if _, err := os.Stat(c.path(key)); err == nil {
				t.Error("the damaged entry is still there")
			}
		})
	}
}

func TestPutUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := Open(filepath.Join(file, "cache"))
	c.Put(Key{}, []byte("x")) // ignored
	if _, ok := c.Get(Key{}); ok {
		t.Error("Get finds what could not be stored")
	}
}

func TestTrimDeletesOldest(t *testing.T) {
	c := Open(t.TempDir())
	c.limit = 1000
	content := make([]byte, 300)
	for i := range byte(5) {
		c.Put(Key{i}, content)
		used := time.Now().Add(time.Duration(i)*time.Minute - time.Hour)
		if err := os.Chtimes(c.path(Key{i}), used, used); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := c.Get(Key{0}); !ok { // used now, so the newest
		t.Fatal("Get misses")
	}
	c.Trim()
	for i, want := range []bool{true, false, false, false, true} {
		if _, ok := c.Get(Key{byte(i)}); ok != want {
			t.Errorf("entry %d is there: %v, want %v", i, ok, want)
		}
	}
}
