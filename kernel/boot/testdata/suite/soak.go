package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const soakTime = 4 * time.Second

type node struct {
	key         int
	left, right *node
}

func insert(n *node, key int) *node {
	if n == nil {
		return &node{key: key}
	}
	if key < n.key {
		n.left = insert(n.left, key)
	} else {
		n.right = insert(n.right, key)
	}
	return n
}

func sum(n *node) int {
	if n == nil {
		return 0
	}
	return n.key + sum(n.left) + sum(n.right)
}

func float() float64 {
	x := 0.0
	for i := 1; i < 100000; i++ {
		x += math.Sin(float64(i)) / math.Sqrt(float64(i))
	}
	return x
}

//go:noinline
func deep(n int, p *int) int {
	var b [100]byte
	b[n%100] = byte(n)
	if n == 0 {
		return *p
	}
	return deep(n-1, p) + int(b[(n+1)%100])
}

// soak keeps the runtime busy in all the ways that reach the kernel: preemption
// with floating-point state, collection, stack growth, timers, faults.
func soak() {
	reference := float()
	works := []func(){
		func() { check(float() == reference, "floating point changed") },
		func() {
			var t *node
			want := 0
			for range 2000 {
				key := rand.IntN(1 << 20)
				want += key
				t = insert(t, key)
			}
			check(sum(t) == want, "tree")
		},
		func() {
			v := 7
			check(deep(3000, &v) >= 7, "deep")
		},
		func() { time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) },
		func() {
			defer func() { check(recover() != nil, "no panic") }()
			var n *node
			n.key++
		},
		func() {
			c := make(chan int)
			go func() { c <- 1 }()
			<-c
		},
		func() {
			b := make([]byte, rand.IntN(200000))
			for _, v := range b {
				check(v == 0, "memory is not zero")
			}
			for i := range b {
				b[i] = 0xa5
			}
		},
	}
	var counts [8]atomic.Int64
	var group sync.WaitGroup
	end := time.Now().Add(soakTime)
	for i, work := range works {
		for range 2 {
			group.Go(func() {
				for time.Now().Before(end) {
					work()
					counts[i].Add(1)
				}
			})
		}
	}
	group.Wait()
	runtime.GC()
	for i := range works {
		check(counts[i].Load() > 0, "a worker never ran")
		print(counts[i].Load(), " ")
	}
	println("times")
}
