package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// goroutines runs a pipeline, a pool of workers, select and the locks of sync.
func goroutines() error {
	fmt.Println("pipeline", pipeline(50, 2000))
	fmt.Println("workers", workers(100, 10_000))
	fmt.Println("locks", locks(200, 100))
	fmt.Println("select", choose())
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println("context", ctx.Err())
	return nil
}

// pipeline sends numbers through a chain of goroutines that each add one.
func pipeline(stages, numbers int) (sum int) {
	first := make(chan int)
	in := first
	for range stages {
		out := make(chan int)
		go func(in, out chan int) {
			defer close(out)
			for n := range in {
				out <- n + 1
			}
		}(in, out)
		in = out
	}
	go func() {
		defer close(first)
		for n := range numbers {
			first <- n
		}
	}()
	for n := range in {
		sum += n
	}
	return sum
}

func workers(count, jobs int) (sum uint64) {
	work, results := make(chan int, 16), make(chan uint64, 16)
	var group sync.WaitGroup
	for range count {
		group.Go(func() {
			for n := range work {
				h := uint64(n)
				for range 100 {
					h = h*6364136223846793005 + 1442695040888963407
				}
				results <- h
			}
		})
	}
	go func() {
		for n := range jobs {
			work <- n
		}
		close(work)
		group.Wait()
		close(results)
	}()
	for r := range results {
		sum += r
	}
	return sum
}

func locks(count, rounds int) string {
	var mu sync.RWMutex
	var once sync.Once
	var atomics atomic.Int64
	var group sync.WaitGroup
	counts := map[int]int{}
	initialised := 0
	for i := range count {
		group.Go(func() {
			once.Do(func() { initialised++ })
			for range rounds {
				mu.Lock()
				counts[i%7]++
				mu.Unlock()
				mu.RLock()
				atomics.Add(int64(min(counts[i%7], 1)))
				mu.RUnlock()
			}
		})
	}
	group.Wait()
	return fmt.Sprint(counts, initialised, atomics.Load())
}

// choose waits for whichever comes first.
func choose() (events []string) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(10 * time.Second)
	done := make(chan struct{})
	ticks := 0
	for {
		select {
		case <-ticker.C:
			if ticks++; ticks == 3 {
				events = append(events, "three ticks")
				close(done)
			}
		case <-done:
			return append(events, "done")
		case <-late:
			return append(events, "too late")
		}
	}
}
