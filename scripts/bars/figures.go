package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
)

func read(dir, name string) (bench.File, error) {
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return bench.File{}, err
	}
	return bench.ReadFile(filepath.Join(dir, name))
}

// side is the files of a pattern, which are one program's runs.
func side(dir, pattern string) (bench.Side, error) {
	s := bench.Side{Name: pattern}
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err == nil && len(paths) == 0 {
		err = os.ErrNotExist
	}
	for _, path := range paths {
		f, err := bench.ReadFile(path)
		if err != nil {
			return s, err
		}
		s.Runs = append(s.Runs, f)
	}
	return s, err
}

// ratios compares the files of two patterns, layer by layer or network by network: how much quicker b is than a. What
// only one of them could run is named.
func ratios(dir, a, b string) (string, error) {
	sideA, err := side(dir, a)
	if err != nil {
		return "", err
	}
	sideB, err := side(dir, b)
	if err != nil {
		return "", err
	}
	c := bench.Compare(sideA, sideB)
	if c.Mean == nil {
		return "nothing to compare", nil
	}
	var all means
	for _, r := range c.Rows {
		all.add(r.Name, r.Ratio.Value)
	}
	slices.Sort(c.Failed)
	return strings.Join(append([]string{all.String()}, slices.Compact(c.Failed)...), "; not: "), nil
}

// gains tells how much quicker the best algorithm of a kind is than the best other one, layer by layer of
// a file that has them all.
func gains(dir, name, kind string) (string, error) {
	f, err := read(dir, name)
	if err != nil {
		return "", err
	}
	var layers []string
	best := map[string][2]float64{} // of the others, and of the kind
	for _, r := range f.Results {
		if r.Error != "" || r.Time == nil {
			continue
		}
		i := 0
		if strings.HasPrefix(r.Algorithm, kind) {
			i = 1
		}
		times, seen := best[r.Name]
		if !seen {
			layers = append(layers, r.Name)
			times = [2]float64{math.Inf(1), math.Inf(1)}
		}
		times[i] = min(times[i], r.Time.Median)
		best[r.Name] = times
	}
	var all means
	for _, layer := range layers {
		all.add(layer, best[layer][0]/best[layer][1])
	}
	return all.String(), nil
}

// ofPeak, ofBandwidth and ofRoofline are what a result reaches of its device's ceilings.
func ofPeak(r bench.Result) float64      { return r.PercentOfPeak }
func ofBandwidth(r bench.Result) float64 { return r.PercentOfBandwidth }
func ofRoofline(r bench.Result) float64  { return r.PercentOfRoofline }

// percents gives the mean and the least of percentages, over the layers whose names match.
func percents(dir, name, match string, percent func(bench.Result) float64) (string, error) {
	f, err := read(dir, name)
	if err != nil {
		return "", err
	}
	names := regexp.MustCompile(match)
	var all means
	for _, r := range f.Results {
		if r.Error == "" && percent(r) > 0 && names.MatchString(r.Name) {
			all.add(r.Name, percent(r))
		}
	}
	return all.String(), nil
}

// product is what a forward layer, its adjoint and its gradient with respect to W take: the same multiplications, in
// milliseconds, 0 where one was not measured.
type product struct{ plain, transposed, gradient float64 }

// times are the quotients of the plain layers' times in files of bench --backward and of others of the same product.
func times(dir string, names []string, of func(product) float64) (string, error) {
	var all means
	for _, name := range names {
		f, err := read(dir, name)
		if err != nil {
			return "", err
		}
		layers, products := []string{}, map[string]*product{}
		for _, r := range f.Results {
			if r.Time == nil {
				continue
			}
			layer := strings.TrimSuffix(strings.TrimSuffix(r.Name, " dX"), " dW")
			if products[layer] == nil {
				layers, products[layer] = append(layers, layer), &product{}
			}
			switch p := products[layer]; {
			case r.Gradient != "":
				p.gradient = r.Time.Median
			case strings.Contains(r.Problem, "+transposed"):
				p.transposed = r.Time.Median
			default:
				p.plain = r.Time.Median
			}
		}
		for _, layer := range layers {
			if p := products[layer]; p.plain > 0 && of(*p) > 0 {
				all.add(layer, p.plain/of(*p))
			}
		}
	}
	return all.String(), nil
}

// loops reads a line for each kernel: its name, the part of multiply-adds in its loop, spills, and waves.
func loops(dir, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		var kernel string
		var part, spills, waves float64
		if _, err := fmt.Sscan(line, &kernel, &part, &spills, &waves); err != nil {
			return "", fmt.Errorf("%s: %q: %w", name, line, err)
		}
		all = append(all, fmt.Sprintf("%s %.3g; %g; %g", kernel, part, spills, waves))
	}
	return strings.Join(all, ", "), nil
}

// means are the geometric mean of figures of layers, and the least of them.
type means struct {
	logs, least float64
	layer       string // of the least
	n           int
}

func (m *means) add(layer string, figure float64) {
	if m.n == 0 || figure < m.least {
		m.least, m.layer = figure, layer
	}
	m.logs += math.Log(figure)
	m.n++
}

func (m *means) String() string {
	if m.n == 0 {
		return "no such layers"
	}
	return fmt.Sprintf(
		"geometric mean %.3g of %d, least %.3g (%s)",
		math.Exp(m.logs/float64(m.n)),
		m.n,
		m.least,
		m.layer,
	)
}
