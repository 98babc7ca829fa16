// Command http is an HTTP server and its clients in one program: requests go
// through net/http as over a network, the connections are pipes. It prints what
// was answered: http REQUESTS.
package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pipes is a listener whose connections are made by dial.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, network, address string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.connections <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// order is what clients send and get back.
type order struct {
	ID    int                `json:"id"`
	Items []string           `json:"items"`
	Price map[string]float64 `json:"price"`
	Total float64            `json:"total,omitempty"`
}

var page = template.Must(template.New("page").Parse(
	`<h1>{{.Title}}</h1>{{range $i, $l := .Lines}}<p id="{{$i}}" title="{{$l}}">{{$l}}</p>{{end}}`))

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello, %s", r.PathValue("name"))
	})
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, r *http.Request) {
		var o order
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&o); err != nil {
			http.Error(w, "not an order", http.StatusBadRequest)
			return
		}
		for _, item := range o.Items {
			o.Total += o.Price[item]
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(o)
	})
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		defer packed.Close()
		lines := strings.Split(r.URL.Query().Get("text"), " ")
		page.Execute(packed, map[string]any{"Title": "<a page>", "Lines": lines})
	})
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if c, err := r.Cookie("count"); err == nil {
			n, _ = strconv.Atoi(c.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "count", Value: strconv.Itoa(n + 1)})
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(io.MultiWriter(w, sum), r.Body)
		w.Header().Set(http.TrailerPrefix+"Sum", fmt.Sprintf("%x %d %v", sum.Sum(nil)[:4], n, err))
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.Handle("GET /old/", http.RedirectHandler("/hello/new", http.StatusMovedPermanently))
	return mux
}

// show prints an answer; what is long only by its checksum.
func show(r *http.Response, err error) {
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		fmt.Println("error:", err)
		return
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	text := string(body)
	if len(text) > 200 {
		text = fmt.Sprintf("%d bytes, crc32 %08x", len(body), crc32.ChecksumIEEE(body))
	}
	fmt.Println(r.Status, r.Header.Get("Content-Type"), r.Header.Get("Location"), strings.TrimSpace(text), r.Trailer.Get("Sum"), err)
}

// load has clients that work at the same time; it prints one sum.
func load(client *http.Client, requests int) {
	const clients = 8
	sums := make([]uint64, clients)
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := c; i < requests; i += clients {
				body := fmt.Sprintf(`{"id": %d, "items": ["a", "b", "a"], "price": {"a": %d.5, "b": 2}}`, i, i)
				answer, err := client.Post("http://server/order", "application/json", strings.NewReader(body))
				if err != nil {
					log.Fatal(err)
				}
				var o order
				err = json.NewDecoder(bufio.NewReader(answer.Body)).Decode(&o)
				answer.Body.Close()
				if err != nil {
					log.Fatal(err)
				}
				sums[c] += uint64(o.Total)
			}
		})
	}
	group.Wait()
	total := uint64(0)
	for _, s := range sums {
		total += s
	}
	fmt.Println("orders:", requests, "total:", total)
}

func main() {
	requests := 100
	if len(os.Args) > 1 {
		requests, _ = strconv.Atoi(os.Args[1])
	}
	listener := &pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: routes(), ReadTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Transport: &http.Transport{DialContext: listener.dial, MaxIdleConnsPerHost: 8}}

	show(client.Get("http://server/hello/w%C3%B6rld"))
	show(client.Get("http://server/none"))
	show(client.Get("http://server/old/place"))
	show(client.Post("http://server/order", "application/json", strings.NewReader(`{"id": 1, "items": [}`)))
	show(client.Post("http://server/order", "application/json", strings.NewReader(`{"id":1,"items":["x"],"price":{"x":0.1}}`)))
	show(client.Get("http://server/page?text=" + url.QueryEscape("some words <with> \"quotes\" "+strings.Repeat("word ", 200))))
	for range 3 {
		show(client.Get("http://server/count"))
	}
	show(client.Post("http://server/echo", "text/plain", io.LimitReader(endless{}, 300_000)))
	show(client.Get("http://server/panic"))
	load(client, requests)
	client.CloseIdleConnections()
	fmt.Println("shutdown:", server.Shutdown(context.Background()), <-served)
}

// endless is a request body without a length, so it is sent in chunks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte('a' + i%26)
	}
	return len(p), nil
}
