package main

// wasmServers are the servers of test/net.
func wasmServers() []wasmServer { return nil }
