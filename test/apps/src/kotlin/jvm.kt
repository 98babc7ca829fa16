import kotlin.system.exitProcess

fun main(arguments: Array<String>) {
    exitProcess(run(arguments.toList()))
}
