package op

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// places are where a view has its numbers, in their order.
func places(v View) []int {
	all := make([]int, 0, v.Count())
	at := make([]int, v.Rank())
	for range v.Count() {
		place := v.Offset
		for i, c := range at {
			place += c * v.Strides[i]
		}
		all = append(all, place)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < v.Shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return all
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
	v := Contiguous(2, 3, 4)
	ok := must[View](t)
	for name, c := range map[string]struct {
		view  View
		shape []int
		want  []int
	}{
		"scalar":   {Contiguous(), []int{}, []int{0}},
		"row":      {Contiguous(3), []int{3}, []int{0, 1, 2}},
		"permuted": {ok(Contiguous(2, 3).Permute(1, 0)), []int{3, 2}, []int{0, 3, 1, 4, 2, 5}},
		"sliced":   {ok(Contiguous(2, 5).Slice(1, 1, 2, 3)), []int{2, 2}, []int{1, 4, 6, 9}},
		"none":     {ok(Contiguous(2, 5).Slice(1, 5, 0, 1)), []int{2, 0}, []int{}},
		"column": {ok(Broadcast(Contiguous(2, 1), []int{2, 2, 3})), []int{2, 2, 3},
			[]int{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
		"expanded": {ok(Broadcast(Contiguous(), []int{3})), []int{3}, []int{0, 0, 0}},
		"reshaped": {ok(ok(v.Slice(2, 1, 2, 1)).Reshape(3, 2, 1, 2)), []int{3, 2, 1, 2},
			[]int{1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22}},
		"joined": {ok(v.Reshape(4, 6)), []int{4, 6},
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}},
		"of ones":   {ok(Contiguous(1, 1).Reshape()), []int{}, []int{0}},
		"of nobody": {ok(Contiguous(0, 3).Reshape(2, 0)), []int{2, 0}, []int{}},
	} {
		if got := places(c.view); !slices.Equal(got, c.want) || !slices.Equal(c.view.Shape, c.shape) {
			t.Errorf("%s: %v of shape %v, must be %v of %v", name, got, c.view.Shape, c.want, c.shape)
		}
	}
}

func TestViewErrors(t *testing.T) {
	v := Contiguous(2, 3)
	turned := View{[]int{3, 2}, []int{1, 3}, 0}
	for name, c := range map[string]struct {
		f    func() (View, error)
		want error
	}{
		"an axis too few":   {func() (View, error) { return v.Permute(0) }, ErrView},
		"an axis twice":     {func() (View, error) { return v.Permute(1, 1) }, ErrView},
		"no such axis":      {func() (View, error) { return v.Permute(0, 2) }, ErrView},
		"slice of no axis":  {func() (View, error) { return v.Slice(2, 0, 1, 1) }, ErrView},
		"too many":          {func() (View, error) { return v.Slice(1, 1, 3, 1) }, ErrView},
		"too far":           {func() (View, error) { return v.Slice(1, 0, 2, 3) }, ErrView},
		"behind":            {func() (View, error) { return v.Slice(1, 3, 1, 1) }, ErrView},
		"backward":          {func() (View, error) { return v.Slice(1, 2, 2, -1) }, ErrView},
		"fewer":             {func() (View, error) { return v.Reshape(5) }, ErrShape},
		"negative":          {func() (View, error) { return v.Reshape(-2, -3) }, ErrShape},
		"what needs a copy": {func() (View, error) { return turned.Reshape(6) }, ErrView},
		"a wrong size":      {func() (View, error) { return Broadcast(v, []int{2, 2}) }, ErrShape},
		"fewer axes":        {func() (View, error) { return Broadcast(v, []int{3}) }, ErrShape},
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
		if got, err := BroadcastShape(c.shapes...); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, %v, must be %v", c.shapes, got, err, c.want)
		}
	}
	_, err := BroadcastShape([]int{4, 3}, []int{2, 3})
	if !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "[4 3]") ||
		!strings.Contains(err.Error(), "[2 3]") {
		t.Errorf("%v, must wrap ErrShape and name both", err)
	}
}

func TestMerge(t *testing.T) {
	wide := must[View](t)(Contiguous(2, 3, 9).Slice(2, 1, 4, 1))
	for name, c := range map[string]struct {
		views []View
		want  []View
	}{
		"none":     {nil, []View{}},
		"a scalar": {[]View{Contiguous(1, 1)}, []View{{}}},
		"one axis": {[]View{Contiguous(2, 3, 4), Contiguous(2, 3, 4)}, []View{Contiguous(24), Contiguous(24)}},
		"two of 3": {[]View{Contiguous(2, 3, 4), wide}, []View{Contiguous(6, 4), {[]int{6, 4}, []int{9, 1}, 1}}},
		"broadcast": {[]View{Contiguous(2, 3, 4), {[]int{2, 3, 4}, []int{0, 0, 1}, 7}},
			[]View{Contiguous(6, 4), {[]int{6, 4}, []int{0, 1}, 7}}},
		"a number": {[]View{Contiguous(2, 1, 4), {[]int{2, 1, 4}, []int{0, 5, 0}, 7}},
			[]View{Contiguous(8), {[]int{8}, []int{0}, 7}}},
	} {
		got, err := Merge(c.views...)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, must be %+v", name, got, err, c.want)
		}
	}
	if _, err := Merge(Contiguous(2, 3), Contiguous(3, 2)); !errors.Is(err, ErrShape) {
		t.Errorf("%v, must wrap ErrShape", err)
	}
	many := View{Shape: slices.Repeat([]int{2}, 9), Strides: slices.Repeat([]int{1}, 9)}
	if _, err := Merge(many); !errors.Is(err, ErrRank) {
		t.Errorf("%v, must wrap ErrRank", err)
	}
}

func TestTensorCheck(t *testing.T) {
	var p exec.Plan
	p.Add(exec.Operand{Name: "x", Role: exec.Input, Count: 12, DType: shaders.Float32})
	for name, c := range map[string]struct {
		tensor Tensor
		want   error
	}{
		"all":             {Contiguous(3, 4).Of(0), nil},
		"the last number": {View{[]int{3}, []int{5}, 1}.Of(0), nil},
		"behind it":       {View{[]int{3}, []int{5}, 2}.Of(0), ErrView},
		"no operand":      {Contiguous(1).Of(1), ErrView},
		"before it":       {Contiguous(1).Of(-1), ErrView},
		"negative stride": {View{[]int{2}, []int{-1}, 3}.Of(0), ErrView},
		"negative offset": {View{[]int{2}, []int{1}, -1}.Of(0), ErrView},
		"no strides":      {View{[]int{2}, nil, 0}.Of(0), ErrView},
		"no numbers":      {Contiguous(0).Of(0), ErrShape},
		"too many":        {View{[]int{1 << 16, 1 << 16}, []int{0, 0}, 0}.Of(0), ErrShape},
		"an overflow":     {View{[]int{1 << 20, 2}, []int{math.MaxInt / 2, 1}, 0}.Of(0), ErrView},
	} {
		if err := c.tensor.check(&p, shaders.Float32); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, must wrap %v", name, err, c.want)
		}
	}
	if err := Contiguous(1).Of(0).check(&p, shaders.Int32); !errors.Is(err, ErrType) {
		t.Errorf("%v, must wrap ErrType", err)
	}
}

func TestAxesStandLast(t *testing.T) {
	if got, want := shapeOf([]int{5, 7}),
		(shaders.Shape{Sizes: shaders.Axes{1, 1, 1, 1, 1, 1, 5, 7}, Rank: 2}); got != want {
		t.Errorf("%+v, must be %+v", got, want)
	}
	if got, want := viewOf(View{[]int{5, 7}, []int{9, 2}, 3}),
		(shaders.View{Strides: shaders.Axes{6: 9, 7: 2}, Offset: 3}); got != want {
		t.Errorf("%+v, must be %+v", got, want)
	}
}
