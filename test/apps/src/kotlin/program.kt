// A program in Kotlin: classes, collections, strings, exceptions, coroutines and
// many objects that live short, long or deep in a recursion. It prints what it
// finds: program ROUNDS. Nothing here knows the platform; wasi.kt and jvm.kt do.

import kotlin.properties.Delegates
import kotlin.random.Random
import kotlin.time.TimeSource

// Classes: sealed ones, data, virtual and interface calls, casts.

sealed interface Shape {
    val area: Double
    fun describe(): String = "${name()} of ${area.toInt()}"
    fun name(): String
}

data class Circle(val radius: Int) : Shape {
    override val area get() = 3.0 * radius * radius
    override fun name() = "circle"
}

data class Rectangle(val width: Int, val height: Int) : Shape {
    override val area get() = width.toDouble() * height
    override fun name() = if (width == height) "square" else "rectangle"
}

data object Point : Shape {
    override val area get() = 0.0
    override fun name() = "nothing"
}

abstract class Animal(protected val legs: Int) : Comparable<Animal> {
    open fun speak(): String = "$legs legs"
    override fun compareTo(other: Animal) = legs.compareTo(other.legs)
}

open class Dog : Animal(4) {
    override fun speak() = "woof, " + super.speak()
}

class Puppy : Dog() {
    override fun speak() = "small " + super.speak()
}

class Hen : Animal(2)

enum class Level(val weight: Int) {
    LOW(1) { override fun next() = HIGH },
    HIGH(10) { override fun next() = LOW };

    abstract fun next(): Level
}

fun perimeter(shape: Shape): Int = when (shape) {
    is Circle -> 6 * shape.radius
    is Rectangle -> 2 * (shape.width + shape.height)
    Point -> 0
}

fun classify(value: Any?): String = when (value) {
    null -> "null"
    is Int -> if (value in 0..9) "digit" else "int"
    is Long -> "long"
    is String -> "string of ${value.length}"
    is IntArray -> "ints ${value.sum()}"
    is Array<*> -> "array of " + value.joinToString(",", transform = ::classify)
    is Map<*, *> -> "map of ${value.keys.map(::classify)}"
    is List<*> -> "list of ${value.size}"
    is Function<*> -> "function"
    else -> value::class.simpleName ?: "?"
}

class Matrix(private val n: Int, cell: (Int, Int) -> Long) {
    private val cells = Array(n) { row -> LongArray(n) { column -> cell(row, column) } }
    operator fun get(row: Int, column: Int) = cells[row][column]
    operator fun times(other: Matrix) = Matrix(n) { r, c -> (0 until n).sumOf { this[r, it] * other[it, c] } }
    override fun hashCode() = cells.fold(7) { h, row -> 31 * h + row.contentHashCode() }
    override fun equals(other: Any?) = other is Matrix && hashCode() == other.hashCode()
}

class Observed {
    val seen = mutableListOf<String>()
    var value: Int by Delegates.observable(0) { _, old, new -> seen += "$old->$new" }
    val once by lazy { seen += "lazy"; seen.size }
}

inline fun <reified T> Iterable<*>.only(): List<T> = filterIsInstance<T>()

fun classes() {
    val shapes = listOf(Circle(2), Rectangle(2, 3), Rectangle(4, 4), Point, Circle(2))
    for (s in shapes) println("$s ${s.describe()} ${perimeter(s)} ${s.hashCode()}")
    println(shapes.toSet().size)
    println(shapes.only<Rectangle>().map { (w, h) -> w * h })
    println(shapes.filterIsInstance<Rectangle>().first().copy(height = 9))
    println(listOf(Dog(), Puppy(), Hen()).sorted().map { it.speak() })
    println(listOf(null, 5, 50, 5L, "five", intArrayOf(1, 2), arrayOf<Any>("a", 1), mapOf("k" to 1, 2 to 3), listOf(1), ::classes, Level.LOW.next()).map(::classify))
    println(Level.entries.associateWith { it.next().weight })
    val m = Matrix(5) { r, c -> (r * 7 + c).toLong() }
    println("${(m * m)[3, 4]} ${m * m == m * m} ${m == m * m} ${(m * m).hashCode()}")
    val o = Observed()
    o.value = 3
    o.value += 4
    println("${o.once} ${o.once} ${o.seen}")
}

// Numbers: 64 bits, without sign, conversions.

fun numbers() {
    println("${Long.MAX_VALUE + 1} ${Int.MIN_VALUE / -1} ${-7 % 3} ${(-7).mod(3)} ${-7 shr 1} ${-7 ushr 28} ${1L shl 40}")
    println("${UInt.MAX_VALUE} ${(3u - 4u)} ${ULong.MAX_VALUE / 3u} ${200.toByte()} ${70000.toShort()} ${'a' + 2} ${'z' - 'a'}")
    println("${1e20.toInt()} ${Double.NaN.toLong()} ${(-1.9).toInt()} ${0.1 + 0.2 == 0.3} ${Double.NaN == Double.NaN} ${-0.0 == 0.0}")
    println("${3.5.toBits()} ${1.5f.toRawBits()} ${Double.fromBits(4611686018427387904)} ${0x123456789abcdefL.countOneBits()} ${40.takeHighestOneBit()}")
    println(listOf("12", "-7", "0x1", "99999999999", "").map { it.toIntOrNull() })
    println("${255.toString(16)} ${"zz".toInt(36)} ${kotlin.math.sqrt(2.25)} ${kotlin.math.abs(-3)} ${10.coerceIn(1..5)}")
    val r = Random(42)
    println(List(6) { r.nextInt(100) } + r.nextLong() + (r.nextDouble() < 1.0))
}

// Collections, lambdas, sequences that are coroutines.

fun primes() = sequence {
    val found = mutableListOf<Int>()
    var n = 2
    while (true) {
        if (found.none { n % it == 0 }) {
            found += n
            yield(n)
        }
        n++
    }
}

class Tree<K : Comparable<K>, V> : Iterable<Pair<K, V>> {
    private class Node<K, V>(val key: K, var value: V, var left: Node<K, V>? = null, var right: Node<K, V>? = null)

    private var root: Node<K, V>? = null
    operator fun set(key: K, value: V) {
        root = put(root, key, value)
    }

    private fun put(node: Node<K, V>?, key: K, value: V): Node<K, V> {
        if (node == null) return Node(key, value)
        val order = key.compareTo(node.key)
        if (order < 0) node.left = put(node.left, key, value) else if (order > 0) node.right = put(node.right, key, value) else node.value = value
        return node
    }

    override fun iterator() = iterator { walk(root) }

    private suspend fun SequenceScope<Pair<K, V>>.walk(node: Node<K, V>?) {
        if (node == null) return
        walk(node.left)
        yield(node.key to node.value)
        walk(node.right)
    }
}

fun collections() {
    val numbers = (1..20).toList()
    println(numbers.partition { it % 3 == 0 })
    println(numbers.groupBy { it % 4 }.mapValues { (_, v) -> v.sum() })
    println(numbers.windowed(4, 5).map { it.reduce(Int::times) })
    println(numbers.zip("abcdef".toList()).associate { (n, c) -> c to n }.filterKeys { it > 'b' })
    println(numbers.shuffled(Random(7)).sortedWith(compareBy<Int> { it % 5 }.thenByDescending { it }))
    println(primes().filter { it % 10 == 3 }.take(8).toList())
    println(generateSequence(1L) { it * 3 }.takeWhile { it < 10000 }.map { it.toString() }.joinToString("|"))
    val queue = ArrayDeque(listOf(1, 2, 3))
    repeat(6) { queue.addLast(queue.removeFirst() * 2); queue.addFirst(it) }
    println(queue)
    val map = HashMap<String, MutableList<Int>>()
    for (i in 0 until 5000) map.getOrPut("k${i * 7919 % 613}") { mutableListOf() } += i
    for (i in 0 until 613 step 2) map.remove("k$i")
    println("${map.size} ${map["k77"]} ${map.values.sumOf { it.size }} ${map.keys.min()}")
    val tree = Tree<String, Int>()
    for (word in "the quick brown fox jumps over the lazy dog".split(' ')) tree[word] = word.length
    println(tree.joinToString { (k, v) -> "$k=$v" })
    val compose = { f: (Int) -> Int, g: (Int) -> Int -> { x: Int -> g(f(x)) } }
    println((1..5).map(compose({ it + 1 }, { it * it })))
    println(setOf(3, 1, 2) union listOf(5, 1) subtract setOf(3))
    println(numbers.chunked(7) { it.maxOrNull() } + listOf(listOf(1, 2), listOf(3)).flatten().runningFold(10, Int::minus))
}

// Strings.

fun strings() {
    val text = "Straße, naïve café, 東京, \uD83D\uDE00!"
    println("${text.length} ${text.uppercase()} ${text.reversed().length} ${text.hashCode()} ${text.indexOf("東")}")
    println(text.encodeToByteArray().size.toString() + " " + text.encodeToByteArray().decodeToString().equals(text))
    println(text.split(", ").map { it.first() }.joinToString("") + text.substringAfterLast(' ').drop(1))
    println("a,b;c".split(',', ';') + "x".repeat(5).padStart(8, '.') + "  trim ".trim() + "Hello".replace('l', 'L'))
    println(Regex("(\\w+)@(\\w+)\\.(com|org)").findAll("ann@example.org, bob@test.com, c@d.net").map { it.groupValues.drop(1) }.toList())
    println(Regex("\\d+").replace("a1b22c333") { (it.value.toInt() * 2).toString() } + " " + Regex("^(a|b)*c$").matches("abbac"))
    println(buildString { for (i in 1..200) append(i % 7).append(if (i % 50 == 0) "\n" else "") }.lines().map { it.hashCode() })
    println("""
        |several
        |  lines ${'$'}
    """.trimMargin())
    println(listOf("b", "B", "a", "ab", "").sorted() + "abc".compareTo("abd").toString() + ("abc" == buildString { append("ab"); append('c') }))
    println("kotlin".toCharArray().sorted().joinToString("") + "kotlin".windowed(3).max() + "%".plus(null as String?))
}

// Exceptions: through frames, lambdas and coroutines, with finally on the way.

class Failure(val code: Int, cause: Throwable? = null) : Exception("failure $code", cause)

class Resource(private val name: String, private val log: MutableList<String>) : AutoCloseable {
    init { log += "open $name" }
    override fun close() { log += "close $name"; if (name == "bad") throw Failure(99) }
}

fun fail(depth: Int, log: MutableList<String>): Int {
    try {
        if (depth == 0) throw Failure(depth)
        return fail(depth - 1, log) + 1
    } catch (e: Failure) {
        if (depth % 3 == 0) throw Failure(e.code + depth, e)
        throw e
    } finally {
        if (depth % 4 == 0) log += "left $depth"
    }
}

@Suppress("RETURN_IN_FINALLY", "finally")
fun overridden(): String {
    for (i in 1..3) {
        try {
            if (i == 2) continue
            error("at $i")
        } catch (e: IllegalStateException) {
            if (i == 3) return "returned ${e.message}"
        } finally {
            if (i == 3) return "overridden"
        }
    }
    return "never"
}

fun exceptions() {
    val log = mutableListOf<String>()
    try {
        fail(9, log)
    } catch (e: Failure) {
        println("${e.message} ${generateSequence<Throwable>(e) { it.cause }.count()} $log")
    }
    println(overridden())
    log.clear()
    val result = runCatching { Resource("good", log).use { Resource("bad", log).use { throw Failure(5) } } }
    println("${result.exceptionOrNull()?.message} ${result.exceptionOrNull()?.suppressedExceptions?.map { it.message }} $log")
    val attempts: List<() -> Any?> = listOf(
        { listOf(1, 2)[2] }, { "x".toInt() }, { (5 as Any) as String }, { emptyList<Int>().first() }, { null!! },
        { mapOf(1 to 2).getValue(3) }, { require(false) { "required" } }, { check(1 > 2) }, { 7 / (log.size - log.size) },
        { mutableListOf(1, 2).let { for (x in it) it += x } }, { iterator<Int> { throw Failure(1) }.next() }, { TODO("later") },
    )
    for (attempt in attempts) {
        val name = try {
            attempt().toString()
        } catch (e: IndexOutOfBoundsException) {
            "IndexOutOfBoundsException"
        } catch (e: RuntimeException) {
            "runtime: " + e::class.simpleName
        } catch (e: Exception) {
            "exception: " + e::class.simpleName
        } catch (e: Throwable) {
            "other: " + e::class.simpleName + ": " + e.message
        }
        println(name)
    }
    var caught = 0
    repeat(20000) { i -> try { if (i % 2 == 0) throw Failure(i) else fail(3, mutableListOf()) } catch (e: Failure) { caught += e.code % 5 + 1 } }
    println(caught)
}

// Objects: garbage, a large live set, all sizes, roots deep on the stack.

class Pair2(val left: Pair2?, val right: Pair2?) {
    fun count(): Int = 1 + (left?.count() ?: 0) + (right?.count() ?: 0)
}

fun bottomUp(depth: Int): Pair2 = if (depth == 0) Pair2(null, null) else Pair2(bottomUp(depth - 1), bottomUp(depth - 1))

fun trees(depth: Int) {
    val long = bottomUp(depth)
    for (d in 4..depth step 4) {
        val rounds = 1 shl (depth - d + 4)
        var sum = 0
        for (i in 0 until rounds) sum += bottomUp(d).count()
        println("$rounds trees of depth $d: $sum")
    }
    println("long lived: ${long.count()}")
}

class Link(val value: Int, var next: Link?)

fun live(count: Int) {
    var list: Link? = null
    val kept = HashMap<Int, String>()
    for (i in 0 until count) {
        list = Link(i, list)
        if (i % 64 == 0) kept[i] = "value $i"
    }
    var sum = 0L
    var at = list
    while (at != null) { sum += at.value; at = at.next }
    println("$sum ${kept.size} ${kept.all { (k, v) -> v == "value $k" }}")
}

fun sizes(count: Int) {
    val held = arrayOfNulls<IntArray>(64)
    val random = Random(1)
    var sum = 0L
    for (i in 0 until count) {
        val n = 1 shl random.nextInt(18)
        val array = IntArray(n + random.nextInt(n)) { it xor i }
        val slot = random.nextInt(held.size)
        held[slot]?.let { sum += it[it.size / 2] + it.size }
        held[slot] = array
    }
    println("$sum ${held.sumOf { it?.last() ?: 0 }}")
}

fun deep(depth: Int, carried: List<Int>): Int {
    val mine = Link(depth, null)
    val garbage = IntArray(200) { depth }
    if (depth == 0) return carried.size + mine.value + garbage[7]
    val below = deep(depth - 1, if (depth % 100 == 0) carried + depth else carried)
    return below + mine.value - garbage[199]
}

// Calls: virtual, by interfaces, lambdas, and casts.

interface Step { fun step(x: Int): Int }
class Add(private val n: Int) : Step { override fun step(x: Int) = x + n }
class Times(private val n: Int) : Step { override fun step(x: Int) = x * n }
class Xor(private val n: Int) : Step { override fun step(x: Int) = x xor n }

fun calls(count: Int) {
    val steps: Array<Any> = arrayOf(Add(3), Times(5), Xor(0x55), Add(-1), { x: Int -> x - 7 }, Times(3))
    var x = 1
    for (i in 0 until count) {
        val s = steps[i % steps.size]
        x = if (s is Step) s.step(x) else @Suppress("UNCHECKED_CAST") (s as (Int) -> Int)(x)
    }
    println(x)
}

// run is the whole program; what it returns is the exit code.
fun run(arguments: List<String>): Int {
    val rounds = arguments.firstOrNull()?.toInt() ?: 1
    val start = TimeSource.Monotonic.markNow()
    classes()
    numbers()
    collections()
    strings()
    exceptions()
    for (round in 1..rounds) {
        trees(12)
        live(100000)
        sizes(500)
        println(deep(4000, emptyList()))
        calls(1000000)
    }
    println(if (start.elapsedNow().isNegative() || Random.nextInt(8) !in 0..7) "wrong" else "done: $arguments")
    return 7
}
