package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type record struct {
	ID     int               `json:"id"`
	Name   string            `json:"name"`
	Score  float64           `json:"score"`
	Tags   []string          `json:"tags,omitempty"`
	Nested *record           `json:"nested,omitempty"`
	Map    map[string]any    `json:"map,omitempty"`
	When   time.Time         `json:"when"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
	Labels map[string]string `json:"labels"`
}

// encodeJSON encodes and decodes records until nothing changes any more.
func encodeJSON() error {
	var records []record
	for i := range 300 {
		r := record{ID: i, Name: fmt.Sprintf("näme %d <&>", i), Score: float64(i) / 7, When: time.Unix(int64(i)*86400, 0).UTC()}
		r.Tags = strings.Split(strings.Repeat("tag,", i%4), ",")
		r.Map = map[string]any{"a": 1.5, "b": []any{true, nil, "x"}}
		r.Nested = &record{ID: -i, Raw: json.RawMessage(`{"k":[1,2,3]}`)}
		r.Labels = map[string]string{"z": "last", "a": "first"}
		records = append(records, r)
	}
	first, err := json.Marshal(records)
	if err != nil {
		return err
	}
	var decoded []record
	if err := json.Unmarshal(first, &decoded); err != nil {
		return err
	}
	second, err := json.MarshalIndent(decoded, "", " ")
	if err != nil {
		return err
	}
	fmt.Printf("%d %x\n%d %x\n", len(first), sha256.Sum256(first), len(second), sha256.Sum256(second))
	err = json.Unmarshal([]byte(`[{"id": "no number"}]`), &decoded)
	var wrong *json.UnmarshalTypeError
	fmt.Println(errors.As(err, &wrong), err)
	return nil
}

// clocks checks Sleep, Timer and Now; NOW is the host's time in seconds.
func clocks() error {
	start := time.Now()
	time.Sleep(30 * time.Millisecond)
	fmt.Println("slept", time.Since(start) >= 30*time.Millisecond, time.Since(start) < time.Minute)
	timer := time.NewTimer(time.Hour)
	fmt.Println("stopped", timer.Stop())
	timer.Reset(10 * time.Millisecond)
	<-timer.C
	fired := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { fired <- true })
	fmt.Println("fired", <-fired)
	var host int64
	if _, err := fmt.Sscan(os.Getenv("NOW"), &host); err != nil {
		return err
	}
	difference := time.Since(time.Unix(host, 0))
	fmt.Println("the host's time", difference > -2*time.Second && difference < 10*time.Minute)
	fmt.Println(time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC).Add(time.Second).Format(time.RFC1123))
	return nil
}

func random() error {
	a, b := make([]byte, 50_000), make([]byte, 50_000)
	if _, err := rand.Read(a); err != nil {
		return err
	}
	if _, err := rand.Read(b); err != nil {
		return err
	}
	ones, equal := 0, 0
	for i := range a {
		ones += bits.OnesCount8(a[i])
		if a[i] == b[i] {
			equal++
		}
	}
	// 200,000 ones with a standard deviation of 316; 195 equal bytes with 14.
	fmt.Println(ones > 196_000 && ones < 204_000, equal > 50 && equal < 400, len(rand.Text()))
	return nil
}

// files walks the root and reads everything.
func files() error {
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fmt.Println(entry.Name(), entry.Type())
	}
	err = filepath.WalkDir("/", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		fmt.Printf("%s %d %v %x\n", path, len(content), info.Size() == int64(len(content)), sha256.Sum256(content))
		return nil
	})
	if err != nil {
		return err
	}
	_, err = os.ReadFile("/no such file")
	fmt.Println(errors.Is(err, fs.ErrNotExist), err)
	target, err := os.Readlink("/link")
	fmt.Println(target, err)
	return nil
}

func stdin() error {
	scanner := bufio.NewScanner(os.Stdin)
	lines, bytes := 0, 0
	for scanner.Scan() {
		lines++
		bytes += len(scanner.Bytes())
	}
	fmt.Println(lines, bytes)
	return scanner.Err()
}
