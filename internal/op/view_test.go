package op_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// places are where a view has its numbers, in their order.
func places(v op.View) (all []int) {
	words := make([]uint32, 100)
	for i := range words {
		words[i] = uint32(i)
	}
	for _, w := range hosttest.Seen(v, words) {
		all = append(all, int(w))
	}
	return all
}

func strided(shape, strides []int, offset int) op.View {
	return op.View{Shape: shape, Strides: strides, Offset: offset}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestViews(t *testing.T) {
	v := op.Contiguous(2, 3, 4)
	ok := must[op.View](t)
	for name, c := range map[string]struct {
		view  op.View
		shape []int
		want  []int
	}{
		"scalar":   {op.Contiguous(), []int{}, []int{0}},
		"row":      {op.Contiguous(3), []int{3}, []int{0, 1, 2}},
		"permuted": {ok(op.Contiguous(2, 3).Permute(1, 0)), []int{3, 2}, []int{0, 3, 1, 4, 2, 5}},
		"sliced":   {ok(op.Contiguous(2, 5).Slice(1, 1, 2, 3)), []int{2, 2}, []int{1, 4, 6, 9}},
		"none":     {ok(op.Contiguous(2, 5).Slice(1, 5, 0, 1)), []int{2, 0}, []int{}},
		"column": {
			ok(op.Broadcast(op.Contiguous(2, 1), []int{2, 2, 3})),
			[]int{2, 2, 3}, []int{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1},
		},
		"expanded": {ok(op.Broadcast(op.Contiguous(), []int{3})), []int{3}, []int{0, 0, 0}},
		"reshaped": {
			ok(ok(v.Slice(2, 1, 2, 1)).Reshape(3, 2, 1, 2)),
			[]int{3, 2, 1, 2}, []int{1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22},
		},
		"joined":    {ok(op.Contiguous(2, 2, 2).Reshape(4, 2)), []int{4, 2}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		"of ones":   {ok(op.Contiguous(1, 1).Reshape()), []int{}, []int{0}},
		"of nobody": {ok(op.Contiguous(0, 3).Reshape(2, 0)), []int{2, 0}, []int{}},
	} {
		if got := places(c.view); !slices.Equal(got, c.want) || !slices.Equal(c.view.Shape, c.shape) {
			t.Errorf("%s: %v of shape %v, must be %v of %v", name, got, c.view.Shape, c.want, c.shape)
		}
	}
}

func TestViewErrors(t *testing.T) {
	v := op.Contiguous(2, 3)
	turned := strided([]int{3, 2}, []int{1, 3}, 0)
	for name, c := range map[string]struct {
		f    func() (op.View, error)
		want error
	}{
		"an axis too few":   {func() (op.View, error) { return v.Permute(0) }, op.ErrView},
		"an axis twice":     {func() (op.View, error) { return v.Permute(1, 1) }, op.ErrView},
		"no such axis":      {func() (op.View, error) { return v.Permute(0, 2) }, op.ErrView},
		"slice of no axis":  {func() (op.View, error) { return v.Slice(2, 0, 1, 1) }, op.ErrView},
		"too many":          {func() (op.View, error) { return v.Slice(1, 1, 3, 1) }, op.ErrView},
		"too far":           {func() (op.View, error) { return v.Slice(1, 0, 2, 3) }, op.ErrView},
		"behind":            {func() (op.View, error) { return v.Slice(1, 3, 1, 1) }, op.ErrView},
		"backward":          {func() (op.View, error) { return v.Slice(1, 2, 2, -1) }, op.ErrView},
		"fewer":             {func() (op.View, error) { return v.Reshape(5) }, op.ErrShape},
		"negative":          {func() (op.View, error) { return v.Reshape(-2, -3) }, op.ErrShape},
		"what needs a copy": {func() (op.View, error) { return turned.Reshape(6) }, op.ErrView},
		"a wrong size":      {func() (op.View, error) { return op.Broadcast(v, []int{2, 2}) }, op.ErrShape},
		"fewer axes":        {func() (op.View, error) { return op.Broadcast(v, []int{3}) }, op.ErrShape},
	} {
		if _, err := c.f(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, must wrap %v", name, err, c.want)
		}
	}
}

func TestBroadcastShape(t *testing.T) {
	for _, c := range []struct {
		shapes [][]int
		want   []int
	}{
		{[][]int{{}, {}}, nil},
		{[][]int{{2, 3}, {3}}, []int{2, 3}},
		{[][]int{{3}, {2, 1}, {5, 1, 1}}, []int{5, 2, 3}},
		{[][]int{{1}, {0, 1}}, []int{0, 1}},
	} {
		if got, err := op.BroadcastShape(c.shapes...); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, %v, must be %v", c.shapes, got, err, c.want)
		}
	}
	_, err := op.BroadcastShape([]int{4, 3}, []int{2, 3})
	refuse(t, err, op.ErrShape, "[4 3]", "[2 3]")
}

func TestMerge(t *testing.T) {
	v, wide := op.Contiguous(2, 3, 4), must[op.View](t)(op.Contiguous(2, 3, 9).Slice(2, 1, 4, 1))
	for name, c := range map[string]struct {
		views []op.View
		want  []op.View
	}{
		"none":     {nil, []op.View{}},
		"a scalar": {[]op.View{op.Contiguous(1, 1)}, []op.View{{}}},
		"one axis": {[]op.View{v, v}, []op.View{op.Contiguous(24), op.Contiguous(24)}},
		"two of 3": {[]op.View{v, wide}, []op.View{op.Contiguous(6, 4), strided([]int{6, 4}, []int{9, 1}, 1)}},
		"broadcast": {
			[]op.View{v, strided([]int{2, 3, 4}, []int{0, 0, 1}, 7)},
			[]op.View{op.Contiguous(6, 4), strided([]int{6, 4}, []int{0, 1}, 7)},
		},
		"a number": {
			[]op.View{op.Contiguous(2, 1, 4), strided([]int{2, 1, 4}, []int{0, 5, 0}, 7)},
			[]op.View{op.Contiguous(8), strided([]int{8}, []int{0}, 7)},
		},
	} {
		got, err := op.Merge(c.views...)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, must be %+v", name, got, err, c.want)
		}
	}
	if _, err := op.Merge(op.Contiguous(2, 3), op.Contiguous(3, 2)); !errors.Is(err, op.ErrShape) {
		t.Errorf("%v, must wrap ErrShape", err)
	}
	many := op.View{Shape: slices.Repeat([]int{2}, 9), Strides: slices.Repeat([]int{1}, 9)}
	if _, err := op.Merge(many); !errors.Is(err, op.ErrRank) {
		t.Errorf("%v, must wrap ErrRank", err)
	}
}

// TestTensorErrors copies to tensors that no kernel could write.
func TestTensorErrors(t *testing.T) {
	for name, c := range map[string]struct {
		tensor op.Tensor
		want   error
	}{
		"all":             {op.Contiguous(3, 4).Of(0), nil},
		"the last number": {op.View{Shape: []int{3}, Strides: []int{5}, Offset: 1}.Of(0), nil},
		"behind it":       {op.View{Shape: []int{3}, Strides: []int{5}, Offset: 2}.Of(0), op.ErrView},
		"no operand":      {op.Contiguous(1).Of(3), op.ErrView},
		"before it":       {op.Contiguous(1).Of(-1), op.ErrView},
		"negative stride": {op.View{Shape: []int{2}, Strides: []int{-1}, Offset: 3}.Of(0), op.ErrView},
		"negative offset": {op.View{Shape: []int{2}, Strides: []int{1}, Offset: -1}.Of(0), op.ErrView},
		"no strides":      {op.View{Shape: []int{2}}.Of(0), op.ErrView},
		"no numbers":      {op.Contiguous(0).Of(0), op.ErrShape},
		"too many":        {op.View{Shape: []int{1 << 16, 1 << 16}, Strides: []int{0, 0}}.Of(0), op.ErrShape},
		"an overflow":     {op.View{Shape: []int{1 << 20, 2}, Strides: []int{math.MaxInt / 2, 1}}.Of(0), op.ErrView},
		"whole numbers":   {op.Contiguous(1).Of(1), op.ErrType},
	} {
		var p exec.Plan
		p.Add(exec.Operand{Name: "v", Role: exec.Output, Count: 12, DType: shaders.Float32})
		p.Add(exec.Operand{Name: "w", Role: exec.Output, Count: 12, DType: shaders.Int32})
		x := p.Add(exec.Operand{Name: "x", Role: exec.Input, Count: 1, DType: shaders.Float32})
		err := op.Pointwise(&p, "copy", 0, 0, c.tensor, op.Contiguous(1).Of(x))
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, must wrap %v", name, err, c.want)
		}
	}
}
