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

// packages are those of the issue, with what stands for "…" there, and some of package
// net, which wasip1 has in memory.
var packages = []testedPackage{
	{path: "archive/tar"},
	{path: "archive/zip", machine: true, virtiofs: true},
	{path: "bufio", fast: true, machine: true},
	{path: "bytes"},
	{path: "compress/bzip2"},
	{path: "compress/flate", heavy: true},
	{path: "compress/gzip"},
	{path: "compress/lzw"},
	{path: "compress/zlib"},
	{path: "container/heap"},
	{path: "container/list", fast: true, machine: true},
	{path: "container/ring"},
	{path: "context"},
	{path: "crypto/sha256"},
	{path: "database/sql"},
	{path: "encoding/ascii85"},
	{path: "encoding/asn1"},
	{path: "encoding/base32"},
	{path: "encoding/base64"},
	{path: "encoding/binary"},
	{path: "encoding/csv"},
	{path: "encoding/gob", heavy: true},
	{path: "encoding/hex"},
	{path: "encoding/json", heavy: true},
	{path: "encoding/pem"},
	{path: "encoding/xml"},
	{path: "errors"},
	{path: "fmt", heavy: true},
	{path: "hash/adler32"},
	{path: "hash/crc32", heavy: true},
	{path: "hash/crc64"},
	{path: "hash/fnv"},
	{path: "hash/maphash"},
	{path: "html/template", heavy: true},
	{path: "image", heavy: true},
	{path: "image/color"},
	{path: "image/draw"},
	{path: "image/gif"},
	{path: "image/jpeg"},
	{path: "image/png"},
	{path: "io", fast: true},
	{path: "io/fs", fast: true, machine: true, virtiofs: true},
	{path: "log", machine: true},
	{path: "maps"},
	{path: "math", heavy: true},
	{path: "math/big", heavy: true},
	{path: "math/bits", heavy: true},
	{path: "math/cmplx", heavy: true},
	{path: "math/rand", heavy: true},
	{path: "math/rand/v2", heavy: true},
	{path: "mime"},
	{path: "mime/multipart"},
	{path: "mime/quotedprintable"},
	{path: "net"},
	{path: "net/http/httptest"},
	{path: "net/mail"},
	{path: "net/netip"},
	{path: "net/textproto"},
	{path: "net/url"},
	{path: "os", fast: true, heavy: true, machine: true, virtiofs: true},
	{path: "path/filepath", fast: true, machine: true, virtiofs: true},
	{path: "reflect", heavy: true},
	{path: "regexp"},
	{path: "runtime", heavy: true},
	{path: "slices"},
	{path: "sort"},
	{path: "strconv", heavy: true},
	{path: "strings"},
	{path: "sync", machine: true},
	{path: "testing/fstest", fast: true, machine: true, virtiofs: true},
	{path: "text/template", heavy: true},
	{path: "time", heavy: true},
	{path: "unicode/utf8"},
}
