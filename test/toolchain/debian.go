package toolchain

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// SourcePackage is a source package of Debian, or of another registry, that
// programs are built from.
type SourcePackage struct {
	Name    string
	Python  *PythonPackage          // has the sources instead of Debian; only Include, Sources and Except count then
	Release string                  // of Debian, or empty: the newest version that apt knows
	Prepare func(tree string) error // what has to be made in the tree first, or nil
	Include string                  // the folder of the tree with headers and sources
	Sources []string                // patterns in Include
	Except  []string                // files that Sources match and that are left out
}

// Lua is the Lua interpreter as a library: without the drivers of the
// commands lua and luac.
var Lua = SourcePackage{
	Name: "lua5.4", Include: "src", Sources: []string{"*.c"}, Except: []string{"lua.c", "luac.c"}, Prepare: nameMultiarch,
}

// SQLite is the SQLite library as one file.
var SQLite = SourcePackage{
	Name: "sqlite3", Include: "amalgamation", Sources: []string{"sqlite3.c"}, Prepare: amalgamate,
}

// Speedtest is SQLite's own benchmark with the library, a whole program.
var Speedtest = SourcePackage{
	Name: SQLite.Name, Include: SQLite.Include, Sources: []string{"sqlite3.c", "../test/speedtest1.c"}, Prepare: amalgamate,
}

// SQLiteShell is the command sqlite3 with the library, a whole program.
var SQLiteShell = SourcePackage{
	Name: SQLite.Name, Include: SQLite.Include, Sources: []string{"sqlite3.c", "shell.c"}, Prepare: amalgamate,
}

// Of packages that have had a security update, that of the release itself is
// taken: the archive keeps no older updates.
const release = "bookworm"

// Zlib is the zlib library.
var Zlib = SourcePackage{Name: "zlib", Release: release, Sources: []string{"*.c"}}

// ZlibCover is the library with its own test of inflate, a whole program.
var ZlibCover = SourcePackage{Name: Zlib.Name, Release: release, Sources: []string{"*.c", "test/infcover.c"}}

// PNG is the PNG library with filters in SSE2, without errors that return by
// longjmp.
var PNG = SourcePackage{
	Name: "libpng1.6", Release: release, Prepare: configurePNG,
	Sources: []string{"png*.c", "intel/*.c"}, Except: []string{"pngtest.c"},
}

// configurePNG writes the header that libpng's configure would make.
func configurePNG(tree string) error {
	prebuilt, err := os.ReadFile(filepath.Join(tree, "scripts", "pnglibconf.h.prebuilt"))
	if err != nil {
		return err
	}
	header := string(prebuilt)
	for line := range strings.Lines(header) {
		// The simplified interface catches errors by longjmp.
		if strings.HasPrefix(line, "#define PNG_SETJMP_") || strings.HasPrefix(line, "#define PNG_SIMPLIFIED_") {
			header = strings.Replace(header, line, "", 1)
		}
	}
	return os.WriteFile(filepath.Join(tree, "pnglibconf.h"), []byte(header), 0o666)
}

// LuaProgram is a C program that uses the Lua library; flags are more flags of
// the compiler. As a module it has no pcall that catches: see lua/luaconfig.h.
func LuaProgram(name, source string, flags ...string) Program {
	return Program{
		Name: name, Language: C, Sources: []string{source}, Packages: []*SourcePackage{&Lua}, Flags: flags,
		Inputs: []string{"test/toolchain/lua/luaconfig.h", "test/toolchain/lua/setjmp.h"},
		WasmFlags: []string{
			"-I$ROOT/test/toolchain/lua", "-include", "luaconfig.h",
			"-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_PROCESS_CLOCKS",
		},
		WasmLink: []string{"-lwasi-emulated-signal", "-lwasi-emulated-process-clocks"},
	}
}

// SQLiteHeader is what vfs.c and filevfs.c include.
const SQLiteHeader = "test/toolchain/sqlite/vfs.h"

// SQLiteProgram is a C program that uses the SQLite library with databases in
// memory only; flags are more flags of the compiler.
func SQLiteProgram(name, source string, flags ...string) Program {
	return Program{
		Name: name, Language: C, Sources: []string{source, "test/toolchain/sqlite/vfs.c"}, Packages: []*SourcePackage{&SQLite},
		Flags: slices.Concat(SQLiteFlags, flags), Inputs: []string{SQLiteHeader},
	}
}

// SQLiteFilesProgram is a program of C or of a package that uses the SQLite library
// with databases in files of WASI.
func SQLiteFilesProgram(name string, part *SourcePackage, sources ...string) Program {
	return Program{
		Name: name, Language: C, Packages: []*SourcePackage{part}, Flags: append([]string{"-O2"}, SQLiteFilesFlags...),
		Sources: append([]string{"test/toolchain/sqlite/filevfs.c"}, sources...), Inputs: []string{"test/toolchain/sqlite/pwd.h", SQLiteHeader},
		WasmFlags: []string{
			"-I$ROOT/test/toolchain/sqlite",
			"-D_WASI_EMULATED_PROCESS_CLOCKS", "-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_GETPID",
		},
		WasmLink: []string{"-lwasi-emulated-process-clocks", "-lwasi-emulated-signal", "-lwasi-emulated-getpid"},
	}
}

// SQLiteFilesFlags configure SQLite and its shell for filevfs.c. The log that is
// written ahead needs memory that programs share.
var SQLiteFilesFlags = []string{
	"-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL",
	"-DSQLITE_NOHAVE_SYSTEM", "-DSQLITE_OMIT_POPEN",
}

// SQLiteFlags configure SQLite for vfs.c: databases in memory only.
var SQLiteFlags = []string{
	"-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_TEMP_STORE=3",
	"-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL",
}

// nameMultiarch writes the header that Debian's patch of Lua includes and its
// debian/rules would write: the folder of native modules, of which there are
// none here.
func nameMultiarch(tree string) error {
	header := filepath.Join(tree, "src", "lua5.4-deb-multiarch.h")
	return os.WriteFile(header, []byte("#define DEB_HOST_MULTIARCH \"none\"\n"), 0o666)
}

// amalgamate makes sqlite3.c and sqlite3.h out of the many files of SQLite.
func amalgamate(tree string) error {
	directory := filepath.Join(tree, "amalgamation")
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return err
	}
	if err := command(directory, nil, "../configure", "--disable-shared", "--disable-readline"); err != nil {
		return err
	}
	return command(directory, nil, "make", "sqlite3.c", "shell.c")
}

// tree is an unpacked source package.
type tree struct {
	path    string // of the folder Include
	version string // name and version
}

// sources lists the C files of the package.
func (p *SourcePackage) sources(path string) []string {
	var files []string
	for _, pattern := range p.Sources {
		matches, _ := filepath.Glob(filepath.Join(path, pattern)) // the only error is a bad pattern
		for _, match := range matches {
			if !slices.Contains(p.Except, filepath.Base(match)) {
				files = append(files, match)
			}
		}
	}
	return files
}

// Fetch gets the package unless it is there.
func (p *SourcePackage) Fetch() error {
	_, err := p.tree()
	return err
}

func (p *SourcePackage) tree() (tree, error) {
	if p.Python != nil {
		path, err := p.Python.tree()
		return tree{filepath.Join(path, p.Include), p.Python.String()}, err
	}
	root, err := Root()
	if err != nil {
		return tree{}, err
	}
	debian := filepath.Join(root, "build", "debian")
	done := filepath.Join(debian, p.Name+".done")
	if t, err := p.finished(done); err == nil {
		return t, nil
	}
	unlock, err := lock(debian, "apt") // one lock: apt-get's lists are shared
	if err != nil {
		return tree{}, err
	}
	defer unlock()
	if t, err := p.finished(done); err == nil {
		return t, nil
	}
	directory := filepath.Join(debian, p.Name)
	unpacked, err := p.unpack(debian, directory)
	if err != nil {
		return tree{}, fmt.Errorf("source package %s: %w", p.Name, err)
	}
	if err := os.WriteFile(done, []byte(unpacked), 0o666); err != nil {
		return tree{}, err
	}
	return p.finished(done)
}

// finished reads the mark of a package that is complete: the place of its tree.
func (p *SourcePackage) finished(done string) (tree, error) {
	b, err := os.ReadFile(done)
	if err != nil {
		return tree{}, err
	}
	path := filepath.Join(filepath.Dir(done), p.Name, string(b), p.Include)
	if _, err := os.Stat(path); err != nil {
		return tree{}, err
	}
	descriptions, err := filepath.Glob(filepath.Join(filepath.Dir(done), p.Name, "*.dsc"))
	if err != nil || len(descriptions) != 1 {
		return tree{}, fmt.Errorf("%s: %d descriptions of %s, want 1: run make clean", done, len(descriptions), p.Name)
	}
	return tree{path, filepath.Base(descriptions[0])}, nil
}

// unpack fetches and unpacks into directory and returns the name of the tree.
func (p *SourcePackage) unpack(debian, directory string) (string, error) {
	options, err := aptOptions(filepath.Join(debian, "apt"))
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(directory); err != nil {
		return "", err
	}
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return "", err
	}
	wanted := p.Name
	if p.Release != "" {
		wanted += "/" + p.Release
	}
	if err := command(directory, nil, "apt-get", append(options, "source", wanted)...); err != nil {
		return "", err
	}
	trees, err := filepath.Glob(filepath.Join(directory, p.Name+"-*", "debian"))
	if err != nil || len(trees) != 1 {
		return "", fmt.Errorf("apt-get unpacked %d trees, want 1", len(trees))
	}
	unpacked := filepath.Dir(trees[0])
	if p.Prepare != nil {
		if err := p.Prepare(unpacked); err != nil {
			return "", err
		}
	}
	return filepath.Base(unpacked), nil
}

// archiveKeyring holds Debian's keys, on every Debian.
const archiveKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// aptOptions makes an apt configuration under directory that knows the source
// packages of the archives that the system takes its binary packages from, and
// returns the options that make apt-get use it. The system's own stays as it is
// and no root is needed.
func aptOptions(directory string) ([]string, error) {
	list := filepath.Join(directory, "sources.list")
	options := []string{
		"-q", "-o", "Dir::Etc::sourcelist=" + list, "-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "Dir::State::lists=" + filepath.Join(directory, "lists"),
		"-o", "Dir::Cache=" + filepath.Join(directory, "cache"),
		// The user _apt cannot write into a project below a private folder.
		"-o", "APT::Sandbox::User=root",
	}
	updated := filepath.Join(directory, "updated")
	if _, err := os.Stat(updated); err == nil {
		return options, nil
	}
	for _, part := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(directory, part), 0o777); err != nil {
			return nil, err
		}
	}
	lines, err := sourceLines()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(list, lines, 0o666); err != nil {
		return nil, err
	}
	if err := command(directory, nil, "apt-get", append(options, "update")...); err != nil {
		return nil, err
	}
	return options, os.WriteFile(updated, nil, 0o666)
}

// sourceLines asks apt which archives of Debian the system uses and returns
// lines for the binary and the source packages of each.
func sourceLines() ([]byte, error) {
	signed := ""
	if _, err := os.Stat(archiveKeyring); err == nil {
		signed = "[signed-by=" + archiveKeyring + "] "
	}
	output, err := exec.Command("apt-get", "indextargets", "--format",
		signed+"$(REPO_URI) $(RELEASE) $(COMPONENT)", "Origin: Debian", "Created-By: Packages").Output()
	if err != nil {
		return nil, fmt.Errorf("apt-get indextargets: %w", err)
	}
	var lines []string
	for archive := range strings.Lines(string(output)) {
		archive = strings.TrimSpace(archive)
		lines = append(lines, "deb "+archive, "deb-src "+archive)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("apt knows no archive of Debian: run apt-get update as root")
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}
