package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// maps fills, changes, iterates and shrinks maps of several kinds.
func maps() error {
	numbers := map[uint64]uint64{}
	words := map[string][]int{}
	x := uint64(1)
	for i := range 200_000 {
		x = x*6364136223846793005 + 1442695040888963407
		numbers[x>>44] += x & 0xff
		word := fmt.Sprintf("k%d", x>>52)
		words[word] = append(words[word], i)
	}
	for k := range numbers {
		if k%3 == 0 {
			delete(numbers, k)
		}
	}
	var sum uint64
	for k, v := range numbers {
		sum += k * v
	}
	keys := make([]string, 0, len(words))
	for k := range words {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if n := len(words[b]) - len(words[a]); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	fmt.Println(len(numbers), sum, len(words), keys[:5])
	type key struct {
		a string
		b float64
		c any
	}
	mixed := map[key]int{{"a", 1.5, 2}: 1, {"a", 1.5, "2"}: 2}
	fmt.Println(mixed[key{"a", 1.5, 2}], mixed[key{"a", 1.5, "2"}], mixed[key{}])
	return nil
}

type node struct {
	left, right *node
	payload     []byte
}

func grow(depth int) *node {
	n := &node{payload: make([]byte, 40)}
	n.payload[depth] = byte(depth)
	if depth > 0 {
		n.left, n.right = grow(depth-1), grow(depth-1)
	}
	return n
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	s := n.left.sum() + n.right.sum()
	for _, b := range n.payload {
		s += int(b)
	}
	return s
}

// garbage keeps about 100 MB alive and throws more than that away, so that the
// collector has to run many times.
func garbage() error {
	var trees []*node
	for range 14 {
		trees = append(trees, grow(15)) // 65,535 nodes of about 100 bytes
	}
	sum := 0
	for round := range 20 {
		trees[round%len(trees)] = grow(13)
		sum += trees[(round+7)%len(trees)].sum()
	}
	var large [][]byte
	for i := range 64 {
		large = append(large, make([]byte, 1<<20))
		large[i][i<<10] = 1
		if i >= 16 {
			large[i-16] = nil
		}
	}
	for _, t := range trees {
		sum += t.sum()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println(sum, len(large), stats.NumGC >= 5, stats.Sys > 100<<20)
	return nil
}
