package gomlx

import (
	"errors"
	"fmt"
	"log"
	"maps"
	"sync"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

// Executable is a compiled graph. It may be used from many goroutines.
type Executable struct {
	backend    *Backend
	name       string
	parameters []*value
	outputs    []*value
	report     Report
	constants  map[*value]backends.Buffer // those that stages are given, or the graph gives

	mu     sync.RWMutex
	stages []*stage
	closed bool
}

var _ backends.Executable = (*Executable)(nil)

// Report says which nodes of the graph a run computes on the GPU, and which elsewhere.
func (e *Executable) Report() Report {
	r := e.report
	r.GPU, r.Elsewhere = maps.Clone(r.GPU), maps.Clone(r.Elsewhere)
	return r
}

// prepare counts nodes, and makes buffers of constants.
func (e *Executable) prepare(nodes []*node) error {
	e.constants = map[*value]backends.Buffer{}
	for _, n := range nodes {
		if !n.source {
			e.report.count(n)
			continue
		}
		if n.constant == nil {
			continue
		}
		v := n.outputs[0]
		buffer, err := e.backend.BufferFromFlatData(0, n.constant, v.shape)
		if err != nil {
			return err
		}
		e.constants[v] = buffer
	}
	for _, s := range e.stages {
		if s.gpu {
			e.report.Submissions++
		}
	}
	return nil
}

// Inputs are the parameters' names and shapes.
func (e *Executable) Inputs() (names []string, inputs []shapes.Shape) {
	for _, p := range e.parameters {
		names, inputs = append(names, p.node.name), append(inputs, p.shape)
	}
	return names, inputs
}

// Outputs are the outputs' shapes.
func (e *Executable) Outputs() (outputs []shapes.Shape) {
	for _, v := range e.outputs {
		outputs = append(outputs, v.shape)
	}
	return outputs
}

// Execute computes the graph, and gives new buffers. Donated ones are not used again.
func (e *Executable) Execute(inputs []backends.Buffer, _ []bool, _ backends.DeviceNum) ([]backends.Buffer, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	outputs, err := e.execute(inputs)
	if err != nil {
		return nil, fmt.Errorf("running graph %q: %w", e.name, err)
	}
	ran := e.report
	ran.Runs = 1
	e.backend.ranOnce(ran)
	return outputs, nil
}

func (e *Executable) execute(inputs []backends.Buffer) (outputs []backends.Buffer, err error) {
	if e.closed {
		return nil, errors.New("it is finalized")
	}
	if len(inputs) != len(e.parameters) {
		return nil, fmt.Errorf("%d inputs, must be %d", len(inputs), len(e.parameters))
	}
	h := &held{backend: e.backend, buffers: maps.Clone(e.constants), residents: map[*value]*model.Resident{}}
	defer func() { err = errors.Join(err, h.close()) }()
	for i, p := range e.parameters {
		shape, err := e.backend.BufferShape(inputs[i])
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", p.node.name, err)
		}
		if !shape.Equal(p.shape) {
			return nil, fmt.Errorf("input %q is %s, must be %s", p.node.name, shape, p.shape)
		}
		h.buffers[p] = inputs[i]
	}
	for _, s := range e.stages {
		if err := s.runs.run(h); err != nil {
			return nil, err
		}
	}
	return h.outputs(e.outputs)
}

// Finalize frees the graph, once no run of it is under way. Finalizing twice is fine.
func (e *Executable) Finalize() {
	if err := e.closeStages(); err != nil {
		log.Printf("gpuconv: finalizing graph %q: %v", e.name, err)
	}
	e.backend.release(e)
}

func (e *Executable) closeStages() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return closeAll(e.stages)
}

// held are the values of a run: in buffers of the host, on the device, or both.
type held struct {
	backend   *Backend
	buffers   map[*value]backends.Buffer
	residents map[*value]*model.Resident
}

// buffer has a value in the host's memory.
func (h *held) buffer(v *value) (backends.Buffer, error) {
	if b, ok := h.buffers[v]; ok {
		return b, nil
	}
	a, err := h.residents[v].Array(background)
	if err == nil {
		err = h.put(v, a)
	}
	return h.buffers[v], err
}

// put keeps an array as a buffer.
func (h *held) put(v *value, a tensor.Array) error {
	b, flat, err := h.backend.NewSharedBuffer(0, v.shape)
	if err == nil {
		err = fill(flat, a)
	}
	h.buffers[v] = b
	return err
}

// input has a value as a network takes it.
func (h *held) input(v *value) (model.Input, error) {
	if r, ok := h.residents[v]; ok {
		return model.Input{Resident: r}, nil
	}
	flat, err := h.backend.BufferData(h.buffers[v])
	if err != nil {
		return model.Input{}, err
	}
	a, err := arrayOf(flat, v.shape)
	return model.Input{Array: a}, err
}

// outputs are buffers of their own: copies of inputs, of constants, and of what is given twice.
func (h *held) outputs(values []*value) (all []backends.Buffer, err error) {
	given := map[*value]bool{}
	for _, v := range values {
		b, err := h.buffer(v)
		if err == nil && (given[v] || v.node.source) {
			var flat any
			if flat, err = h.backend.BufferData(b); err == nil {
				b, err = h.backend.BufferFromFlatData(0, flat, v.shape)
			}
		}
		if err != nil {
			return nil, err
		}
		given[v] = true
		all = append(all, b)
	}
	return all, nil
}

// close frees what is on the device.
func (h *held) close() error {
	var all []error
	for _, r := range h.residents {
		all = append(all, r.Close())
	}
	return errors.Join(all...)
}
