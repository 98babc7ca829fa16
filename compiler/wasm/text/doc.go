// Package text turns modules in the text format of WebAssembly into the binary
// format (WebAssembly core specification 3.0, chapter 6, with the annotations of
// appendix "Custom Sections and Annotations", and of proposals threads' atomic
// instructions and the legacy form of exceptions).
//
// In: the bytes of a .wat file. Out: the bytes of a binary module, or an Error
// with line and column. Whether the module is valid is not asked here: only what
// makes a text malformed is refused.
//
// The way of a module: Scan (bytes -> tokens), then two passes over the tokens.
// The first one (declare.go) gives each definition its index, because a name may
// be used before its definition; the second (field.go, instruction.go) writes
// the sections. There is no syntax tree.
//
// Tokens and the values of literals are exported for those who read other
// languages with the same words, as the scripts of the test suite.
package text
