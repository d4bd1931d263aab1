package gomlx

import (
	"fmt"

	"github.com/gomlx/gomlx/backends"
)

// caught gives the error of do, and makes one of a panic: simplego panics where it lacks an operator for a type.
func caught(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("simplego: %v", p)
		}
	}()
	return do()
}

// onOther computes a stage by simplego.
type onOther struct {
	stage *stage
	runs  backends.Executable
}

// elsewhere builds a stage with simplego.
func (b *Backend) elsewhere(s *stage) (runner, error) {
	on := b.other.Builder("elsewhere")
	ops, taken := map[*value]backends.Op{}, map[backends.Op]bool{}
	for i, v := range s.inputs {
		op, err := on.Parameter(fmt.Sprintf("input%d", i), v.shape, nil)
		if err != nil {
			return nil, err
		}
		ops[v], taken[op] = op, true
	}
	for _, n := range s.nodes {
		if err := replay(on, n, ops); err != nil {
			return nil, err
		}
	}
	var outputs []backends.Op
	for _, v := range s.outputs {
		op := ops[v]
		if taken[op] { // which simplego does not give out twice, or from where it came
			var err error
			if op, err = on.Identity(op); err != nil {
				return nil, err
			}
		}
		taken[op] = true
		outputs = append(outputs, op)
	}
	runs, err := on.Compile(outputs, nil)
	if err != nil {
		return nil, err
	}
	return &onOther{s, runs}, nil
}

// replay adds a node, and the constants that it reads.
func replay(on backends.Builder, n *node, ops map[*value]backends.Op) error {
	var in []backends.Op
	for _, v := range n.inputs {
		if ops[v] == nil {
			if err := replay(on, v.node, ops); err != nil {
				return err
			}
		}
		in = append(in, ops[v])
	}
	results, err := n.on(on, in)
	if err != nil {
		return err
	}
	for i, v := range n.outputs {
		ops[v] = results[i]
	}
	return nil
}

func (r *onOther) run(h *held) error {
	var inputs []backends.Buffer
	for _, v := range r.stage.inputs {
		in, err := h.buffer(v)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	var outputs []backends.Buffer
	err := caught(func() (err error) {
		outputs, err = r.runs.Execute(inputs, nil, 0)
		return err
	})
	if err != nil {
		return err
	}
	for i, v := range r.stage.outputs {
		h.buffers[v] = outputs[i]
	}
	return nil
}

func (r *onOther) close() error {
	r.runs.Finalize()
	return nil
}

// on adds the node to a builder of simplego.
func (n *node) on(b backends.Builder, in []backends.Op) (results []backends.Op, err error) {
	err = caught(func() (err error) {
		results, err = n.elsewhere(b, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.op, err)
	}
	return results, nil
}
