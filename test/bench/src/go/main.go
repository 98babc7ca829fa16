// Command go is the Go program of the benchmarks: it does one kind of work three
// times and prints a checksum and the best time in seconds, as bench.h does.
//
//	go NAME
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

const repetitions = 3

var kinds = map[string]func() uint64{
	"sort": sortStrings, "map": countWords, "json": encode, "float": spectral, "chan": pipeline, "alloc": trees,
	"regexp": match, "sha256": digest,
}

func main() {
	if len(os.Args) != 2 || kinds[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go sort|map|json|float|chan|alloc|regexp|sha256")
		os.Exit(2)
	}
	best, checksum := math.Inf(1), uint64(0)
	for range repetitions {
		start := time.Now()
		checksum = kinds[os.Args[1]]()
		best = min(best, time.Since(start).Seconds())
	}
	fmt.Printf("%016x %.6f\n", checksum, best)
}

// random yields the same numbers every time.
type random uint64

func (r *random) next() uint64 {
	*r = *r*6364136223846793005 + 1442695040888963407
	return uint64(*r) >> 33
}

func words(n int) []string {
	r := random(1)
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("w%x", r.next()%uint64(n/4))
	}
	return list
}

func checksum(list []string) uint64 {
	h := fnv.New64a()
	for _, s := range list {
		h.Write([]byte(s))
	}
	return h.Sum64()
}

func sortStrings() uint64 {
	list := words(60_000)
	slices.Sort(list)
	return checksum(list)
}

func countWords() uint64 {
	counts := map[string]int{}
	list := words(200_000)
	for _, w := range list {
		counts[w]++
	}
	sum := uint64(len(counts))
	for _, w := range list[:1000] {
		sum = sum*31 + uint64(counts[w])
	}
	return sum
}

type record struct {
	Name   string            `json:"name"`
	Values []float64         `json:"values"`
	Tags   map[string]string `json:"tags"`
	Inner  *record           `json:"inner,omitempty"`
}

func encode() uint64 {
	r := record{Name: "outer", Values: []float64{1, 2.5, -3e10}, Tags: map[string]string{"a": "b", "c": "d"}}
	r.Inner = &record{Name: "inner \u00e9", Values: make([]float64, 50)}
	h := fnv.New64a()
	for i := range 1500 {
		r.Inner.Values[i%50] = float64(i) / 7
		b, err := json.Marshal(&r)
		if err != nil {
			panic(err)
		}
		var back record
		if err := json.Unmarshal(b, &back); err != nil {
			panic(err)
		}
		h.Write(b)
		fmt.Fprint(h, back.Inner.Values[3])
	}
	return h.Sum64()
}

func spectral() uint64 {
	const n = 350
	a := func(i, j int) float64 { return 1 / float64((i+j)*(i+j+1)/2+i+1) }
	u, v := make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for range 10 {
		for i := range v {
			v[i] = 0
			for j := range u {
				v[i] += a(i, j) * u[j]
			}
		}
		for i := range u {
			u[i] = 0
			for j := range v {
				u[i] += a(j, i) * v[j]
			}
		}
	}
	return math.Float64bits(u[0]) ^ math.Float64bits(v[n-1])
}

func pipeline() uint64 {
	numbers, squares := make(chan uint64, 16), make(chan uint64)
	go func() {
		for i := range uint64(100_000) {
			numbers <- i
		}
		close(numbers)
	}()
	go func() {
		for n := range numbers {
			squares <- n * n
		}
		close(squares)
	}()
	sum := uint64(0)
	for s := range squares {
		sum = sum*3 + s
	}
	return sum
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() uint64 {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func trees() uint64 {
	sum := uint64(0)
	for i := range 24 {
		sum = sum*31 + grow(12+i%3).count()
	}
	return sum
}

func match() uint64 {
	text := strings.Join(words(20_000), " ")
	sum := uint64(0)
	for _, expression := range []string{`w[0-9]+a\b`, `(w1|w2)[a-f]{2}`, `w(?:[0-4])+[a-e]`} {
		for _, at := range regexp.MustCompile(expression).FindAllStringIndex(text, -1) {
			sum = sum*31 + uint64(at[0]) + uint64(at[1])
		}
	}
	return sum
}

func digest() uint64 {
	block := make([]byte, 1<<16)
	for i := range block {
		block[i] = byte(i * 7)
	}
	h := sha256.New()
	for range 40 {
		h.Write(block)
	}
	return binary.LittleEndian.Uint64(h.Sum(nil))
}
