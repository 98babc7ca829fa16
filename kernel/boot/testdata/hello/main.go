// Command hello is the smallest program that boots.
package main

import _ "mewz/kernel/boot"

func main() { println("hello from the machine") }
