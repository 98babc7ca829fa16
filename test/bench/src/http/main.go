// Command http has net/http and encoding/json compiled in and answers one request
// that it makes itself: a program of the size that is usual for servers.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

type answer struct {
	Path  string `json:"path"`
	Count int    `json:"count"`
}

// recorder writes an answer to standard output.
type recorder struct{ header http.Header }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return os.Stdout.Write(b) }
func (r *recorder) WriteHeader(code int)        { fmt.Println(code) }

func handle(w http.ResponseWriter, r *http.Request) {
	if err := json.NewEncoder(w).Encode(answer{r.URL.Path, len(r.URL.Query())}); err != nil {
		panic(err)
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/x", handle)
	r, err := http.NewRequest("GET", "/x?a=1", nil)
	if err != nil {
		panic(err)
	}
	mux.ServeHTTP(&recorder{http.Header{}}, r)
}
