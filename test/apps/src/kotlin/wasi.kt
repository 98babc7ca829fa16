// What the program needs of WASI preview 1 that Kotlin's library does not have.

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

@OptIn(ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "args_sizes_get")
private external fun argumentSizes(count: Int, bytes: Int): Int

@OptIn(ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "args_get")
private external fun argumentsGet(pointers: Int, bytes: Int): Int

@OptIn(ExperimentalWasmInterop::class)
@WasmImport("wasi_snapshot_preview1", "proc_exit")
private external fun exit(code: Int)

@OptIn(UnsafeWasmMemoryApi::class)
private fun arguments(): List<String> = withScopedMemoryAllocator { memory ->
    val sizes = memory.allocate(8)
    check(argumentSizes(sizes.address.toInt(), sizes.address.toInt() + 4) == 0)
    val pointers = memory.allocate(4 * sizes.loadInt())
    check(argumentsGet(pointers.address.toInt(), memory.allocate((sizes + 4).loadInt()).address.toInt()) == 0)
    (0 until sizes.loadInt()).map { text(Pointer((pointers + 4 * it).loadInt().toUInt())) }.drop(1)
}

@OptIn(UnsafeWasmMemoryApi::class)
private fun text(at: Pointer): String =
    generateSequence(at) { it + 1 }.map { it.loadByte() }.takeWhile { it != 0.toByte() }.toList().toByteArray().decodeToString()

fun main() = exit(run(arguments()))
