//go:build wasip1

// Command fetch is a client of HTTP and DNS:
//
//	fetch get URL...              status, length and SHA-256 of what each answers
//	fetch post URL BYTES          the same of the answer to so many bytes
//	fetch resolve [SERVER] NAME   addresses, asked over UDP by Go's own resolver
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/stealthrocket/net/wasip1"
)

// timeout of one answer.
const timeout = 30 * time.Second

var client = &http.Client{
	Transport: &http.Transport{DialContext: wasip1.DialContext},
	Timeout:   timeout,
}

// show prints an answer.
func show(url string, r *http.Response, err error) {
	if err != nil {
		log.Fatal(err)
	}
	defer r.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: status %d, %d bytes, SHA-256 %x\n", url, r.StatusCode, n, sum.Sum(nil))
}

// letters is a body of so many bytes.
type letters struct{ at, end int }

func (l *letters) Read(p []byte) (int, error) {
	if l.at == l.end {
		return 0, io.EOF
	}
	n := min(len(p), l.end-l.at)
	for i := range n {
		p[i] = byte('a' + (l.at+i)%26)
	}
	l.at += n
	return n, nil
}

func resolve(server, name string) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if server != "" {
			address = server
		}
		return wasip1.DialContext(ctx, network, address)
	}}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	addresses, err := resolver.LookupHost(ctx, name)
	if err != nil {
		log.Fatal(err)
	}
	slices.Sort(addresses)
	for _, address := range addresses {
		fmt.Println(name, address)
	}
}

func main() {
	log.SetFlags(0)
	switch args := os.Args[1:]; {
	case len(args) >= 2 && args[0] == "get":
		for _, url := range args[1:] {
			r, err := client.Get(url)
			show(url, r, err)
		}
	case len(args) == 3 && args[0] == "post":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			log.Fatal(err)
		}
		r, err := client.Post(args[1], "text/plain", &letters{end: n})
		show(args[1], r, err)
	case len(args) == 2 && args[0] == "resolve":
		resolve("", args[1])
	case len(args) == 3 && args[0] == "resolve":
		resolve(args[1], args[2])
	default:
		log.Fatal("fetch get URL..., fetch post URL BYTES or fetch resolve [SERVER] NAME")
	}
}
