package gostd

// testedPackage is a package of the standard library.
type testedPackage struct {
	path string
	fast bool // part of every run: some seconds, and together nearly all of WASI
	// heavy says that it is compiled at level fast, as programs are by default: it
	// computes so much that this pays, or its code is of all kinds.
	heavy bool
	// machine says that a nightly run has it as a machine too, with its files by 9P.
	// That is slow without KVM.
	machine  bool
	virtiofs bool // the same with its files by virtio-fs
}

// packages are those of the issue, with what stands for "…" there.
var packages = []testedPackage{
	{path: "archive/tar"},
	{path: "archive/zip", machine: true},
	{path: "bufio", fast: true},
	{path: "compress/bzip2"},
	{path: "compress/flate", heavy: true},
	{path: "compress/gzip"},
	{path: "compress/lzw"},
	{path: "compress/zlib"},
	{path: "container/heap"},
	{path: "container/list", fast: true},
	{path: "container/ring"},
	{path: "context"},
	{path: "crypto/sha256"},
	{path: "database/sql"},
	{path: "encoding/ascii85"},
	{path: "encoding/asn1"},
	{path: "encoding/base32"},
	{path: "encoding/base64"},
	{path: "encoding/csv"},
	{path: "encoding/hex"},
	{path: "encoding/pem"},
	{path: "errors"},
	{path: "hash/adler32"},
	{path: "hash/crc64"},
	{path: "hash/fnv"},
	{path: "hash/maphash"},
	{path: "image", heavy: true},
	{path: "image/color"},
	{path: "io", fast: true},
	{path: "io/fs", fast: true, machine: true, virtiofs: true},
	{path: "log", machine: true},
	{path: "maps"},
	{path: "math", heavy: true},
	{path: "math/bits", heavy: true},
	{path: "mime"},
	{path: "mime/multipart"},
	{path: "mime/quotedprintable"},
	{path: "net/textproto"},
	{path: "net/url"},
	{path: "os", fast: true, heavy: true},
	{path: "path/filepath", fast: true, machine: true, virtiofs: true},
	{path: "reflect", heavy: true},
	{path: "runtime", heavy: true},
	{path: "sync", machine: true},
	{path: "testing/fstest", fast: true, machine: true, virtiofs: true},
	{path: "text/template", heavy: true},
	{path: "time", heavy: true},
	{path: "unicode/utf8"},
}
