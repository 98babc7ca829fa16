// Package plan is what test/benchnet tells its Linux guest to do.
package plan

// Where things are in the initrd of the guest.
const (
	Path    = "/plan.json"
	Modules = "/modules"
)

// What the guest says on its console.
const (
	Ready  = "guest: ready"
	Failed = "guest: failed:"
)

// Ended is what the guest says when a server ends, which it should not.
func Ended(name string) string { return "guest: ended: " + name + "," }

// Plan is the life of the guest.
type Plan struct {
	Modules []string // of the kernel, in the order in which they are loaded
	Address string   // of eth0, with its prefix
	Servers []Server
}

// Server is a process of the guest that serves.
type Server struct {
	Name        string
	Command     []string
	Environment []string
}
