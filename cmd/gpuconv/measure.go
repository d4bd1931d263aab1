package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

const (
	// measuredLayer is AlexNet's first layer with fewer neurons: those of the real one have weights of
	// their own that take 403 MiB, more than many an adapter holds in one binding.
	measuredLayer = "ic3ih67oc16kh11sh4"
	// maxMeasured is how many bytes of unshared filters are made; the reference takes several times that.
	maxMeasured = 2 << 30
	// measuredRuns is of how many runs the median is taken, after one that is judged.
	measuredRuns = 9
)

// measureReport is the JSON of `gpuconv params --measure`.
type measureReport struct {
	Problem  string      `json:"problem"`
	Device   string      `json:"device"`
	Neurons  int64       `json:"neurons"`
	Runs     int         `json:"runs"`
	Clock    string      `json:"clock"`
	Shared   measurement `json:"shared"`
	Unshared measurement `json:"unshared"`
}

// measurement is one of the two ways.
type measurement struct {
	Problem    string    `json:"problem"`
	Parameters int64     `json:"parameters"`
	Bytes      int64     `json:"parameter_bytes"`
	AllBytes   int64     `json:"bytes"` // with the input and output volumes
	FLOPs      int64     `json:"flop"`
	Median     float64   `json:"time_ms"`
	Samples    []float64 `json:"samples_ms"`
	Verified   bool      `json:"verified"`
	Check      string    `json:"check"`
}

// measure runs a layer with and without parameter sharing.
func (a *app) measure(p conv.Problem) error {
	p.Unshared = false
	unshared := p
	unshared.Unshared = true
	if err := unshared.Validate(); err != nil {
		return fmt.Errorf("%s without sharing: %w", p, err)
	}
	if need := 4 * (unshared.FilterLen() + unshared.BiasLen()); need > a.measureLimit {
		return fmt.Errorf(
			"%w: without sharing the filters of %s take %d bytes (%s), at most %d (%s) are measured: make the "+
				"output or the filters smaller",
			errTooLarge,
			p,
			need,
			bytesText(uint64(need)),
			a.measureLimit,
			bytesText(uint64(a.measureLimit)),
		)
	}
	dev, err := a.openOrFallBack()
	if err != nil {
		return err
	}
	defer dev.Close()
	r := measureReport{
		Problem: p.String(),
		Device:  dev.String(),
		Neurons: p.Counts().Neurons,
		Runs:    measuredRuns,
		Clock:   "wall",
	}
	for _, way := range []struct {
		p  conv.Problem
		to *measurement
	}{{p, &r.Shared}, {unshared, &r.Unshared}} {
		if *way.to, err = measureLayer(dev, way.p); err != nil {
			return err
		}
	}
	return a.report(r, r.print)
}

var errTooLarge = errors.New("too large to measure")

// measureLayer judges one run of the layer with seeded data and takes the time of more.
func measureLayer(dev *host.Device, p conv.Problem) (measurement, error) {
	m := measurement{
		Problem:    p.String(),
		Parameters: p.FilterLen() + p.BiasLen(),
		Bytes:      p.Bytes().Filters,
		AllBytes:   p.Bytes().Total(),
		FLOPs:      p.FLOPs(),
	}
	c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}
	data, err := c.Data()
	if err != nil {
		return m, err
	}
	layer, err := host.NewLayer(dev, p, data.W, host.LayerOptions{})
	if err != nil {
		return m, err
	}
	defer layer.Close()
	_, report, err := layer.Verify(context.Background(), data.X, host.VerifyOptions{Mode: c.Mode})
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return m, fmt.Errorf("%w; again: %s", err, c.Repro(dev))
	}
	m.Verified, m.Check = true, report.String()
	for range measuredRuns {
		begun := time.Now()
		if _, err := layer.Run(context.Background(), data.X); err != nil {
			return m, err
		}
		m.Samples = append(m.Samples, milliseconds(time.Since(begun)))
	}
	sorted := slices.Sorted(slices.Values(m.Samples))
	m.Median = sorted[len(sorted)/2]
	return m, nil
}

func (r measureReport) print(a *app) {
	s, u := r.Shared, r.Unshared
	times := func(unshared, shared float64) string { return fmt.Sprintf("%.4g times", unshared/shared) }
	table(a.stdout,
		"layer\t"+r.Problem,
		"device\t"+r.Device,
		"neurons\t"+thousands(r.Neurons)+", of each image",
	)
	fmt.Fprintln(a.stdout)
	table(
		a.stdout,
		"\tshared\tunshared\tunshared/shared",
		fmt.Sprintf(
			"parameters\t%s\t%s\t%s",
			thousands(s.Parameters),
			thousands(u.Parameters),
			times(float64(u.Parameters), float64(s.Parameters)),
		),
		fmt.Sprintf(
			"their memory\t%s\t%s\t%s",
			bytesText(uint64(s.Bytes)),
			bytesText(uint64(u.Bytes)),
			times(float64(u.Bytes), float64(s.Bytes)),
		),
		fmt.Sprintf(
			"with X and V\t%s\t%s\t%s",
			bytesText(uint64(s.AllBytes)),
			bytesText(uint64(u.AllBytes)),
			times(float64(u.AllBytes), float64(s.AllBytes)),
		),
		fmt.Sprintf(
			"operations\t%s\t%s\t%s",
			thousands(s.FLOPs),
			thousands(u.FLOPs),
			times(float64(u.FLOPs), float64(s.FLOPs)),
		),
		fmt.Sprintf("time\t%.3f ms\t%.3f ms\t%s", s.Median, u.Median, times(u.Median, s.Median)),
	)
	fmt.Fprintln(a.stdout)
	table(
		a.stdout,
		fmt.Sprintf(
			"Times are the median of %d runs, wall clock: upload of X, computation, read-back of V; the filters are "+
				"on the device before.",
			r.Runs,
		),
		"shared\t"+s.Check,
		"unshared\t"+u.Check,
	)
}
