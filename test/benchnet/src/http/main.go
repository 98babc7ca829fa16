// Command http serves the files of a folder by net/http: http ADDRESS FOLDER.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: http ADDRESS FOLDER")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], http.FileServer(http.Dir(os.Args[2]))))
	os.Exit(1)
}
