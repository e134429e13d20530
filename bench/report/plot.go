package report

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Plot is a diagram of lines over a number that doubles or more from step to step (goroutines), with a
// logarithmic scale for both.
type Plot struct {
	Title string
	File  string // the name of the SVG file
	X, Y  string // what the axes count
	Lines []Line
}

// Line is what one contender did.
type Line struct {
	Name   string
	Points []Point
}

// Point is one measurement. Both numbers are positive.
type Point struct{ X, Y float64 }

// Measures of the drawing, in pixels.
const (
	plotWidth, plotHeight    = 720, 400
	plotLeft, plotRight      = 80, 540
	plotTop, plotBottom      = 48, 340
	legendLeft, legendHeight = 560, 22
)

// colours can be told apart by people who do not see all colours alike (Okabe and Ito).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}

// SVG draws p.
func (p Plot) SVG(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n",
		plotWidth, plotHeight, plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", plotWidth, plotHeight)
	text(&b, plotLeft, 26, "start", "font-size=\"15\"", p.Title)
	text(&b, (plotLeft+plotRight)/2, plotBottom+44, "middle", "", p.X)
	fmt.Fprintf(&b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (plotTop+plotBottom)/2, html.EscapeString(p.Y))

	xs, ys := p.scales()
	for _, x := range p.steps() {
		at := xs.place(x)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>`+"\n", at, plotTop, at, plotBottom)
		text(&b, at, plotBottom+20, "middle", "", Number(x))
	}
	for _, y := range ys.ticks() {
		at := ys.place(y)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", plotLeft, at, plotRight, at)
		text(&b, plotLeft-8, at+4, "end", "", short(y))
	}
	for i, line := range p.Lines {
		colour := colours[i%len(colours)]
		var points []string
		for _, point := range line.Points {
			x, y := xs.place(point.X), ys.place(point.Y)
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x, y, colour)
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
		at := float64(plotTop + 10 + i*legendHeight)
		fmt.Fprintf(&b, `<rect x="%d" y="%.1f" width="12" height="12" fill="%s"/>`+"\n", legendLeft, at-10, colour)
		text(&b, legendLeft+18, at, "start", "", line.Name)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func text(b *strings.Builder, x, y float64, anchor, more, s string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>`+"\n", x, y, anchor, more, html.EscapeString(s))
}

// scale maps numbers to pixels by their logarithm.
type scale struct {
	least, most float64 // numbers
	from, to    float64 // pixels
}

func (s scale) place(v float64) float64 {
	if s.most == s.least {
		return (s.from + s.to) / 2
	}
	return s.from + (s.to-s.from)*(math.Log(v)-math.Log(s.least))/(math.Log(s.most)-math.Log(s.least))
}

// ticks are the numbers 1, 2 and 5 of every power of ten in the scale.
func (s scale) ticks() []float64 {
	var ticks []float64
	for power := math.Pow(10, math.Floor(math.Log10(s.least))); power <= s.most; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if v := digit * power; v >= s.least && v <= s.most {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

func (p Plot) scales() (xs, ys scale) {
	xs = scale{math.Inf(1), 0, plotLeft + 12, plotRight - 12}
	ys = scale{math.Inf(1), 0, plotBottom, plotTop}
	for _, line := range p.Lines {
		for _, point := range line.Points {
			xs.least, xs.most = min(xs.least, point.X), max(xs.most, point.X)
			ys.least, ys.most = min(ys.least, point.Y), max(ys.most, point.Y)
		}
	}
	ys.least, ys.most = ys.least/1.3, ys.most*1.3
	return xs, ys
}

// steps are the places of the points on the X axis.
func (p Plot) steps() []float64 {
	var steps []float64
	seen := make(map[float64]bool)
	for _, line := range p.Lines {
		for _, point := range line.Points {
			if !seen[point.X] {
				seen[point.X] = true
				steps = append(steps, point.X)
			}
		}
	}
	return steps
}

// short writes a number of an axis.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%g", v)
}
