package main

import "github.com/cachewright/cachewright/bench/report"

// bar is a promise, and where in the book its figure is.
type bar struct {
	promise string
	limit   float64
	atLeast bool
	unit    string
	got     func(b *book) (value float64, spread string, known bool)
}

var bars = []bar{}

// times is the ratio of contender to base, of what each costs in one round.
func times(question, contender, base string, what func(sample) float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		other, known := b.samplesOf(question, base)
		if !ok || !known {
			return 0, "", false
		}
		spread := ratio(quantile(own, other, what, 0.25)) + "-" + ratio(quantile(own, other, what, 0.75))
		return quantile(own, other, what, 0.5), spread, true
	}
}

// median is what contender costs by itself, divided by scale.
func median(question, contender string, what func(sample) float64, scale float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		if !ok {
			return 0, "", false
		}
		at := func(q float64) float64 { return quantile(own, nil, what, q) / scale }
		return at(0.5), report.Number(at(0.25)) + "-" + report.Number(at(0.75)), true
	}
}

// more is the difference of contender to base, divided by scale.
func more(question, contender, base string, what func(sample) float64, scale float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		other, known := b.samplesOf(question, base)
		if !ok || !known {
			return 0, "", false
		}
		differences := make([]float64, len(own))
		for i := range own {
			differences[i] = (what(own[i]) - what(other[i])) / scale
		}
		at := func(q float64) float64 { return quantileOf(differences, q) }
		return at(0.5), report.Number(at(0.25)) + "-" + report.Number(at(0.75)), true
	}
}

// noted is a number that is not measured by rounds.
func noted(f figure) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		value, known := b.figures[f]
		return value, "", known
	}
}

func (b *book) samplesOf(question, contender string) ([]sample, bool) {
	a, ok := b.answers[question]
	if !ok {
		return nil, false
	}
	for i, name := range a.contenders {
		if name == contender {
			return a.samples[i], true
		}
	}
	return nil, false
}

// judge compares the book with the bars. After a run of some parts only, the others' bars are left out.
func (b *book) judge(complete bool) {
	for _, bar := range bars {
		got, spread, known := bar.got(b)
		if known || complete {
			b.report.Bars = append(b.report.Bars, report.Bar{
				Promise: bar.promise, Limit: bar.limit, AtLeast: bar.atLeast, Unit: bar.unit, Got: got, Known: known, Spread: spread,
			})
		}
	}
}
