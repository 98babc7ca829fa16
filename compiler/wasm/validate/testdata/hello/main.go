// Command hello is a real program for the decoder and the validator.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
