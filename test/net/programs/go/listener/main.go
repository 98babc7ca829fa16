// Command listener serves the files below a directory with net/http, on a listener
// that it finds open, with nothing but the standard library: listener [FD [ROOT]].
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

func main() {
	fd, root := 3, "/"
	if len(os.Args) > 1 {
		var err error
		if fd, err = strconv.Atoi(os.Args[1]); err != nil {
			log.Fatal(err)
		}
	}
	if len(os.Args) > 2 {
		root = os.Args[2]
	}
	file := os.NewFile(uintptr(fd), "listener")
	listener, err := net.FileListener(file)
	if err != nil {
		log.Fatalf("descriptor %d: %v", fd, err)
	}
	file.Close()
	fmt.Println("listening on descriptor", fd)
	log.Fatal(http.Serve(listener, http.FileServer(http.Dir(root))))
}
