package toolchain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kotlinVersion is of the compiler and of both libraries.
const kotlinVersion = "2.3.0"

// Files of kotlin.
const (
	kotlinJVMLibrary  = "kotlin-stdlib-" + kotlinVersion + ".jar"
	kotlinWasmLibrary = "kotlin-stdlib-wasm-wasi-" + kotlinVersion + ".klib"
)

// kotlin is Kotlin's compiler, its library for the JVM, which it runs with itself,
// and the one for WASI.
var kotlin = MavenPackages{
	Name: "kotlin-" + kotlinVersion,
	Packages: []string{
		"org.jetbrains.kotlin:kotlin-compiler-embeddable:" + kotlinVersion,
		"org.jetbrains.kotlin:kotlin-stdlib-wasm-wasi:" + kotlinVersion + ":klib",
	},
	Files: map[string]string{
		"annotations-13.0.jar":                                 "ace2a10dc8e2d5fd34925ecac03e4988b2c0f851650c94b8cef49ba1bd111478",
		"kotlin-compiler-embeddable-" + kotlinVersion + ".jar": "8dbd882fa58c3d17e683a27390288315f8b490f8e3e3b1be4dc3e280d37e285a",
		"kotlin-daemon-embeddable-" + kotlinVersion + ".jar":   "39bcb02d8c293aa678554c8b49d7ff84657021709283c6186e3a40806af9bd10",
		"kotlin-reflect-1.6.10.jar":                            "3277ac102ae17aad10a55abec75ff5696c8d109790396434b496e75087854203",
		"kotlin-script-runtime-" + kotlinVersion + ".jar":      "db826961371d6605318d9c4e4bfcdbfac94c3a0892cdcabd55224870fead57f1",
		kotlinJVMLibrary:                                       "887587c91713250ad52fe14ad9166d042c33835049890e9437f355ffc5a195b1",
		kotlinWasmLibrary:                                      "de0582ccbf35c21e802a06c1b30eda169a220a41730eff5e53fd36157cad294e",
		"kotlinx-coroutines-core-jvm-1.8.0.jar":                "9860906a1937490bf5f3b06d2f0e10ef451e65b95b269f22daf68a3d1f5065c5",
	},
}

// java runs programs on the JVM, and the compiler. The heap is bounded because
// many of the tests' programs may be built at a time.
var java = []string{"-Xmx1g", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8"}

// javaShort is for runs of seconds: without the JVM's second compiler they take half
// the time.
const javaShort = "-XX:TieredStopAtLevel=1"

// kotlinJVM is the file beside a program that is part of it on the JVM,
// kotlinWASI the one that is part of it as a module.
const (
	kotlinJVM  = "jvm.kt"
	kotlinWASI = "wasi.kt"
)

// kotlinModule is the name of every module to the compiler: the program's own could
// be that of a library.
const kotlinModule = "program"

// kotlinProgram is a build by Kotlin's compiler.
type kotlinProgram struct {
	folder string // of the packages
	wasm   bool
}

func buildKotlin(p Program) (string, error) { return buildKotlinFor(p, kotlinWASI, ".wasm") }

// buildKotlinFor builds a program of one source and the file beside it that knows
// the platform.
func buildKotlinFor(p Program, platform, suffix string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	tree, err := kotlin.tree()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, p.Sources[0])
	b := build{name: p.Name, suffix: suffix, tool: "java", version: kotlin.version()}
	b.inputs = []string{source, filepath.Join(filepath.Dir(source), platform)}
	b.by = &kotlinProgram{folder: tree, wasm: platform == kotlinWASI}
	if platform == kotlinJVM {
		b.args = []string{"-Werror", "-no-stdlib", "-no-reflect", "-cp", filepath.Join(tree, kotlinJVMLibrary)}
		return b.run(root)
	}
	target := []string{"-Xwasm", "-Xwasm-target=wasm-wasi", "-libraries", filepath.Join(tree, kotlinWasmLibrary), "-ir-output-name", kotlinModule}
	b.first = slices.Concat(target, []string{"-Werror", "-Xir-produce-klib-dir"})
	b.args = slices.Concat(target, []string{"-Xir-produce-js", "-Xir-dce"}, p.Flags)
	return b.run(root)
}

// execute compiles for the JVM in one step, for WASI in two: into a library, and
// that with all it uses into a module.
func (k *kotlinProgram) execute(b build, output string) error {
	if !k.wasm {
		return k.compile("jvm.K2JVMCompiler", slices.Concat(b.args, []string{"-d", output}, b.inputs))
	}
	scratch := filepath.Dir(output)
	library := filepath.Join(scratch, "library")
	if err := k.compile("js.K2JSCompiler", slices.Concat(b.first, []string{"-ir-output-dir", library}, b.inputs)); err != nil {
		return err
	}
	if err := k.compile("js.K2JSCompiler", slices.Concat(b.args, []string{"-ir-output-dir", scratch, "-Xinclude=" + library})); err != nil {
		return err
	}
	return os.Rename(filepath.Join(scratch, kotlinModule+".wasm"), output)
}

// compile runs one of the compilers.
func (k *kotlinProgram) compile(compiler string, args []string) error {
	compiler = "org.jetbrains.kotlin.cli." + compiler
	return command(k.folder, nil, "java", slices.Concat(java, []string{javaShort, "-cp", filepath.Join(k.folder, "*"), compiler}, args)...)
}

// runKotlin returns the command that runs a Kotlin program on the JVM.
func runKotlin(p Program) ([]string, error) {
	jar, err := buildKotlinFor(p, kotlinJVM, ".jar")
	if err != nil {
		return nil, err
	}
	tree, err := kotlin.tree()
	if err != nil {
		return nil, err
	}
	path := strings.Join([]string{jar, filepath.Join(tree, kotlinJVMLibrary)}, string(os.PathListSeparator))
	return slices.Concat([]string{"java"}, java, []string{"-cp", path, "JvmKt"}), nil
}
