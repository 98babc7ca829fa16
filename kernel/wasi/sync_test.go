package wasi

import "testing"

// TestSyncCalls: what a file system is asked for by fd_sync and fd_datasync.
func TestSyncCalls(t *testing.T) {
	w := newWorld(t, nil)
	opened := w.open("hello.txt")
	for _, test := range []struct {
		name string
		fd   uint64
		want string
	}{
		{"fd_sync", opened, "Sync"}, {"fd_datasync", opened, "Sync data"},
		{"fd_sync", 3, "Sync"}, {"fd_datasync", 3, "Sync"},
	} {
		asked := ""
		w.files.failing = func(call string) error {
			asked += call
			return nil
		}
		w.must(Success, test.name, test.fd)
		if asked != test.want {
			t.Errorf("%s of descriptor %d asks for %s, want %s", test.name, test.fd, asked, test.want)
		}
	}
}
