package translate

// intrinsic is a function that becomes instructions: its parameters and result, as
// Go, and what a call is. In the text %1 and %2 stand for the arguments.
type intrinsic struct {
	signature string
	text      string
	needs     string // declaration
	frame     bool   // it is about the frame of the function, which must stay one
}

// intrinsics are the functions of gc/machine.go.
var intrinsics = map[string]intrinsic{
	"heap":          {"() address", "", "@wasm_heap = external hidden global [4096 x i8], align 8", false}, // heap itself is a constant
	"load8":         {"(a address) uint8", "load i8, ptr %1", "", false},
	"load32":        {"(a address) uint32", "load i32, ptr %1, align 4", "", false},
	"load64":        {"(a address) uint64", "load i64, ptr %1, align 8", "", false},
	"loadAddress":   {"(a address) address", "load ptr, ptr %1, align 8", "", false},
	"store8":        {"(a address, value uint8)", "store i8 %2, ptr %1", "", false},
	"store16":       {"(a address, value uint16)", "store i16 %2, ptr %1, align 2", "", false},
	"store32":       {"(a address, value uint32)", "store i32 %2, ptr %1, align 4", "", false},
	"store64":       {"(a address, value uint64)", "store i64 %2, ptr %1, align 8", "", false},
	"storeAddress":  {"(a, value address)", "store ptr %2, ptr %1, align 8", "", false},
	"storeVector":   {"(a address, value vector)", "store <16 x i8> %2, ptr %1, align 8", "", false},
	"touch":         {"(a address)", "load volatile i8, ptr %1", "", false},
	"clearBytes":    {"(a address, bytes uint64)", "call ptr @memset(ptr %1, i32 0, i64 %2)", "declare ptr @memset(ptr, i32, i64) nounwind", false},
	"onesCount":     {"(x uint64) uint64", "call i64 @llvm.ctpop.i64(i64 %1)", "declare i64 @llvm.ctpop.i64(i64)", false},
	"leadingZeros":  {"(x uint64) uint64", "call i64 @llvm.ctlz.i64(i64 %1, i1 false)", "declare i64 @llvm.ctlz.i64(i64, i1)", false},
	"likely":        {"(condition bool) bool", "call i1 @llvm.expect.i1(i1 %1, i1 true)", "declare i1 @llvm.expect.i1(i1, i1)", false},
	"commitMemory":  {"(offset, bytes uint64) int32", "call i32 @wasm_heap_commit(i64 %1, i64 %2)", "declare i32 @wasm_heap_commit(i64, i64) nounwind", false},
	"saveRegisters": {"()", "call void @llvm.eh.unwind.init()", "declare void @llvm.eh.unwind.init()", true},
	"frameAddress":  {"() address", "call ptr @llvm.frameaddress.p0(i32 0)", "declare ptr @llvm.frameaddress.p0(i32)", true},
}

// prelude declares the types and functions that the source may use beyond its own.
const prelude = "package gc\n\ntype address uint64\ntype vector [16]byte\n"
