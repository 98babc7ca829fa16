package main
import "time"
func drift() {
	s := time.Now()
	for i := range 6 {
		println(time.Since(s).Microseconds())
		if i%2 == 0 { time.Sleep(2*time.Second) } else { for t := time.Now(); time.Since(t) < 2*time.Second; {} }
	}
}
