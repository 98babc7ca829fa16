// Command plot draws groups of bars: a table of numbers as an SVG picture.
//
// In: a file of tab-separated lines, first the names of the series after
// an empty field, then for each group its name and a number for each series; an
// empty field is no bar. Out: the file that -o names.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"image/color"
	"io"
	"os"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Sizes of the picture in points.
const (
	groupWidth vg.Length = 56
	height     vg.Length = 300
	margin     vg.Length = 90
)

// palette is that of Okabe and Ito, which people who confuse colours can tell
// apart.
var palette = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{86, 180, 233, 255}, color.RGBA{230, 159, 0, 255},
	color.RGBA{0, 158, 115, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{204, 121, 167, 255},
}

func main() {
	output := flag.String("o", "", "write the picture into this `file` (.svg or .png)")
	title := flag.String("title", "", "of the picture")
	axis := flag.String("axis", "", "what the numbers are")
	line := flag.Float64("line", 0, "draw a line at this number")
	flag.Parse()
	if flag.NArg() != 1 || *output == "" {
		fmt.Fprintln(os.Stderr, "usage: plot -o FILE [-title T] [-axis A] [-line N] NUMBERS")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *output, *title, *axis, *line); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(numbers, output, title, axis string, line float64) error {
	f, err := os.Open(numbers)
	if err != nil {
		return err
	}
	defer f.Close()
	return draw(f, output, title, axis, line)
}

// table is what the file holds.
type table struct {
	series, groups []string
	values         [][]float64 // by series, then by group; negative: none
}

func read(r io.Reader) (*table, error) {
	t := &table{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if t.series == nil {
			t.series = fields[1:]
			t.values = make([][]float64, len(t.series))
			continue
		}
		if len(fields) != len(t.series)+1 {
			return nil, fmt.Errorf("line %q has %d numbers, want %d", lines.Text(), len(fields)-1, len(t.series))
		}
		t.groups = append(t.groups, fields[0])
		for i, field := range fields[1:] {
			value := -1.0
			if field != "" {
				var err error
				if value, err = strconv.ParseFloat(field, 64); err != nil {
					return nil, err
				}
			}
			t.values[i] = append(t.values[i], value)
		}
	}
	if t.groups == nil {
		return nil, fmt.Errorf("nothing to draw")
	}
	return t, lines.Err()
}

func draw(r io.Reader, output, title, axis string, line float64) error {
	t, err := read(r)
	if err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, axis
	p.Y.Min = 0
	p.Legend.Top = true
	bar := groupWidth * 4 / 5 / vg.Length(len(t.series))
	for i, name := range t.series {
		bars, err := plotter.NewBarChart(plotter.Values(positive(t.values[i])), bar)
		if err != nil {
			return err
		}
		bars.LineStyle.Width = 0
		bars.Color = palette[i%len(palette)]
		bars.Offset = bar * (vg.Length(i) - vg.Length(len(t.series)-1)/2)
		p.Add(bars)
		p.Legend.Add(name, bars)
	}
	if line != 0 {
		at, err := plotter.NewLine(plotter.XYs{{X: -0.5, Y: line}, {X: float64(len(t.groups)) - 0.5, Y: line}})
		if err != nil {
			return err
		}
		at.Dashes = []vg.Length{3, 3}
		p.Add(at)
	}
	p.NominalX(t.groups...)
	return p.Save(margin+groupWidth*vg.Length(len(t.groups)), height, output)
}

// positive makes nothing of what is no number.
func positive(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = max(v, 0)
	}
	return out
}
