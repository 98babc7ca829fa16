// Package differential compares compiled code with wazero on modules made at
// random.
package differential
