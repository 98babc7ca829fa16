// Package plan is what test/benchfiles tells its Linux guest to do.
package plan

// Where things are in the initrd of the guest.
const (
	Path    = "/plan.json"
	Modules = "/modules"
	Program = "/bin/files"
)

// Failed is what the guest says on its console when it cannot begin.
const Failed = "guest: failed:"

// Plan is the life of the guest.
type Plan struct {
	Modules []string // of the kernel, in the order in which they are loaded
	Mounts  []Mount
}

// Mount is a file system to mount (mount(2)).
type Mount struct{ Source, Target, Type, Options string }
