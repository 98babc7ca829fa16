package spec

// exceptions are the commands that are known to fail, as version/file:line,
// each with its reason. One that starts to pass, or that does not exist, fails
// the test.
var exceptions = map[string]string{}
