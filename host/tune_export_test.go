package host

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/conv"
)

// FakeContender stands in for a layer that is measured.
type FakeContender struct {
	Samples []time.Duration // one after the other, then the last again and again; the first warms up
	Broken  error           // of sampling
	Wrong   error           // of the check
	Sampled func()          // is told of each sample
	Taken   int
	Checked int
	Closed  int
}

func (f *FakeContender) sample(context.Context) (time.Duration, error) {
	if f.Sampled != nil {
		f.Sampled()
	}
	f.Taken++
	return f.Samples[min(f.Taken, len(f.Samples))-1], f.Broken
}

func (f *FakeContender) verify(context.Context) error {
	f.Checked++
	return f.Wrong
}

// Close counts.
func (f *FakeContender) Close() error {
	f.Closed++
	return nil
}

// WithContenders has Tune measure what open gives instead of layers.
func WithContenders(o TuneOptions, open func(algorithm string) (*FakeContender, error)) TuneOptions {
	o.open = func(_ *Device, _ conv.Problem, l LayerOptions, _ Operands) (contender, error) {
		if l.Tunings != nil || l.Autotune {
			return nil, fmt.Errorf("a layer that is measured is tuned itself")
		}
		return open(l.Algorithm)
	}
	return o
}

// MaxCandidates bounds how many are tried.
const MaxCandidates = maxCandidates

// Recode reads a file of tunings and writes it again.
func Recode(data []byte) ([]byte, error) {
	f, err := decodeTunings(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return f.encode()
}
