// Package workbench is what the commands that measure stand on: test/bench,
// test/benchnet and test/benchfiles.
//
// In: the name of a command and how long it may take; programs to run. Out: a
// folder that is gone afterwards, what a program printed and what it cost, machines
// with the end of what they said. Nothing outlives the command: programs and machines
// end with its context, and machines when it is killed, too.
package workbench
