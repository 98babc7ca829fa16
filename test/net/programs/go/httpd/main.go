//go:build wasip1

// Command httpd serves the files below a directory with net/http, on a listener
// that it opens itself: httpd [ADDRESS [ROOT]].
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/stealthrocket/net/wasip1"
)

func main() {
	address, root := ":8080", "/"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if len(os.Args) > 2 {
		root = os.Args[2]
	}
	listener, err := wasip1.Listen("tcp4", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, http.FileServer(http.Dir(root))))
}
