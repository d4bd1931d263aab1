// Web is gpuconv for browsers: the program that the page's worker runs. It answers questions of the page, each with a
// name, what is asked as JSON, and numbers or a file beside it. Built for anything but GOOS=js it can only be tested.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
)

// question is what the page asks.
type question struct {
	name  string
	about json.RawMessage
	data  []byte          // a file, or float32 numbers as JavaScript has them in memory
	tell  func(soFar any) // tells the page of something before the answer
}

// read reads what is asked into v.
func (q question) read(v any) error {
	if err := json.Unmarshal(q.about, v); err != nil {
		return fmt.Errorf("%s: %w", q.name, err)
	}
	return nil
}

// answer is what the page gets: a value that becomes JSON, and arrays of numbers beside it.
type answer struct {
	value   any
	numbers map[string][]float32
}

// program answers questions. Its device stays open from one to the next.
type program struct {
	mu      sync.Mutex
	device  *host.Device
	network network
}

// answers are the questions that there are.
var answers = map[string]func(*program, context.Context, question) (answer, error){
	"adapter": (*program).adapter,
	"note":    (*program).note,
	"sizes":   (*program).sizes,
	"layer":   (*program).layer,
	"suite":   (*program).suite,
	"bench":   (*program).bench,
	"compare": (*program).compare,
	"prove":   (*program).prove,
	"rank":    (*program).rank,
	"load":    (*program).load,
	"infer":   (*program).infer,
}

func (p *program) answer(ctx context.Context, q question) (answer, error) {
	f, ok := answers[q.name]
	if !ok {
		return answer{}, fmt.Errorf("%q is no question", q.name)
	}
	return f(p, ctx, q)
}

// open gives the device, a new one where the last one was lost, and the CPU reference where there is no adapter.
func (p *program) open() (*host.Device, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.device != nil && works(p.device) == nil {
		return p.device, nil
	}
	list, err := gpu.Adapters()
	if err != nil {
		return nil, err
	}
	o := host.Options{}
	if len(list) == 0 {
		o.Backend = host.CPU
	}
	dev, err := host.Open(o)
	if err != nil {
		return nil, err
	}
	p.device = dev // one that was lost is left to the browser
	return dev, nil
}

// works reports what is wrong with a device: allocating a buffer is the smallest thing that a lost one cannot do.
func works(dev *host.Device) error {
	if dev.GPU() == nil {
		return nil
	}
	b, err := dev.GPU().NewBuffer("trial", 4, gpu.Storage)
	if err != nil {
		return err
	}
	return b.Close()
}
