// Package limits compiles and links modules that are as large in one respect as
// none usually is, and checks that time and memory grow no faster than they do.
package limits
