package model

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// check judges the nodes of each stage, and what the host computed between them.
func (s *stages) check(
	ctx context.Context, inputs map[string]tensor.Array,
) (outputs map[string]tensor.Array, all Verdict, err error) {
	outputs, err = s.do(inputs, use{
		run: func(n *Network, in map[string]tensor.Array) (map[string]tensor.Array, error) {
			out, of, err := n.Check(ctx, in)
			all.Nodes, all.parts = append(all.Nodes, of.Nodes...), append(all.parts, of.parts...)
			return out, err
		},
		node: func(in []*tensor.Array, out tensor.Array) error {
			report, err := s.judge(in, out)
			what := fmt.Sprintf("node %d, %s", len(all.Nodes), s.node)
			all.Nodes = append(all.Nodes, host.NodeReport{Node: what, Report: report})
			all.parts = append(all.parts, part{nodes: 1})
			return err
		},
	})
	return outputs, all, err
}

// judge holds what the host computed against the reference: how many rows there are, and the rows.
func (s *stages) judge(in []*tensor.Array, out tensor.Array) (cpuref.Report, error) {
	as := func(a tensor.Array) *array {
		t := onnx.Float
		if a.Ints != nil {
			t = onnx.Int64
		}
		return &array{Type: t, Shape: a.Shape, Data: numbers{floats: a.Data, ints: a.Ints}.float64s()}
	}
	given := make([]*array, len(in))
	for i, a := range in {
		if a != nil {
			given[i] = as(*a)
		}
	}
	want, err := operators.Reference(s.node.Node, s.net.opset, given)
	if err != nil {
		return cpuref.Report{}, err
	}
	rows := func(shape []int) array {
		return array{Type: onnx.Int64, Shape: []int{1}, Data: []float64{float64(shape[0])}}
	}
	report, err := operators.Check(rows(out.Shape), operators.Result{Array: rows(want[0].Shape)})
	if err != nil || !report.OK() || len(want[0].Data) == 0 {
		return report, err
	}
	return operators.Check(*as(out), want[0])
}
