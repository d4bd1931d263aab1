package bench

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

// NetworkID names a network for comparisons: its file without folder and ending, and the shapes of its inputs in the
// order of their names, such as SqueezeNet_fp16 1x3x224x224. An input without axes is called scalar.
func NetworkID(path string, inputs map[string]tensor.Array) string {
	var shapes []string
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		shape := inputs[name].Shape
		if len(shape) == 0 {
			shapes = append(shapes, "scalar")
			continue
		}
		shapes = append(shapes, strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "x"))
	}
	return networkName(path) + " " + strings.Join(shapes, ",")
}

// networkName is a model's file without folder and ending.
func networkName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}

// Network measures whole runs of an ONNX file's network on these inputs, each with its transfers, by the wall clock,
// and all of its dispatches by the GPU's clock where there is one. The first run has reading the file and compiling in
// it. The check is [model.Network.Check], which ends when ctx does, as all runs do.
func (d *Device) Network(
	ctx context.Context,
	path string,
	dims map[string]int,
	inputs map[string]tensor.Array,
) Subject {
	about := Result{Network: NetworkID(path, inputs), Name: networkName(path)}
	return Subject{about, func(uint64) (Runner, error) {
		o := model.Options{Dims: dims, Exact: d.Exact, Tunings: d.Tunings, Fuse: d.Fuse}
		net, err := model.Load(d.dev, path, o)
		if err != nil {
			return nil, err
		}
		r := &networkRunner{ctx: ctx, net: net, inputs: inputs}
		if r.plan, err = net.Plan(ctx, inputs); err == nil {
			r.layers, err = net.Layers(ctx, inputs)
		}
		if err != nil {
			net.Close()
			return nil, err
		}
		return r, nil
	}}
}

// networkRunner runs a [model.Network].
type networkRunner struct {
	ctx    context.Context
	net    *model.Network
	inputs map[string]tensor.Array
	plan   model.Summary
	layers []conv.Problem
}

func (*networkRunner) Upload() error   { return nil }
func (*networkRunner) Download() error { return nil }
func (*networkRunner) Timed() bool     { return true }

func (r *networkRunner) Compute() error {
	_, err := r.net.Run(r.ctx, r.inputs)
	return err
}

func (r *networkRunner) Profile() (all []host.Dispatch, err error) {
	times, err := r.net.Profile(r.ctx, r.inputs)
	for _, t := range times {
		all = append(all, t.Dispatch)
	}
	return all, err
}

func (r *networkRunner) ComputeTimed(runs int) (time.Duration, error) {
	return r.net.Time(r.ctx, runs, r.inputs)
}

func (r *networkRunner) Verify() (float64, error) {
	_, verdict, err := r.net.Check(r.ctx, r.inputs)
	if err == nil {
		err = verdict.Err()
	}
	return verdict.Worst().Report.BoundUsed, err
}

func (r *networkRunner) Algorithm() (algorithm, variant string) {
	return fmt.Sprintf("%d nodes", len(r.plan.Nodes)), ""
}

// FLOP implements [counter].
func (r *networkRunner) FLOP() (sum int64) {
	for _, p := range r.layers {
		sum += p.FLOPs()
	}
	return sum
}

func (r *networkRunner) Close() error { return r.net.Close() }
