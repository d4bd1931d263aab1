package op

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Normalization is what [Normalize] does beside taking away the mean and dividing by the deviation.
type Normalization struct {
	Scale, Bias    *Tensor // of each number, which broadcast to its tensor; both or none
	Mean, Inverse  *Tensor // of each row, where they are to be written; both or none, and both contiguous
	Within, Beside float32 // added to the variance, and to the deviation
}

// Normalize adds a step that brings the rows of in along the axes to the mean 0 and the variance 1, where the
// deviation is sqrt(variance + Within) + Beside: ONNX's InstanceNormalization, LayerNormalization, GroupNormalization,
// of which in has its groups as an axis, and MeanVarianceNormalization. The variance is the mean of the squared
// distances from the mean. The errors wrap [ErrType], [ErrShape], [ErrRank], [ErrView] and [ErrLong].
func Normalize(p *exec.Plan, out, in Tensor, axes []int, n Normalization) error {
	if (n.Scale == nil) != (n.Bias == nil) || (n.Mean == nil) != (n.Inverse == nil) {
		return fmt.Errorf("normalize: %w: a scale without a bias, or a mean without an inverse, must be both or none",
			ErrShape)
	}
	tensors := []Tensor{in, out}
	if n.Scale != nil {
		tensors = append(tensors, *n.Scale, *n.Bias)
	}
	views := []View{}
	for _, t := range tensors {
		if err := t.check(p, shaders.Float32); err != nil {
			return fmt.Errorf("normalize: %w", err)
		}
		v, err := Broadcast(t.View, in.Shape)
		if err != nil {
			return fmt.Errorf("normalize: %w", err)
		}
		views = append(views, v)
	}
	r, err := sameRows(axes, views...)
	if err != nil {
		return fmt.Errorf("normalize: %w", err)
	}
	const passes = 3
	k := shaders.Normalize{Scaled: len(tensors) > 2, Statistics: n.Mean != nil, Rows: r.form(passes)}
	if err := r.fits(k.Rows, passes); err != nil {
		return fmt.Errorf("normalize: %w", err)
	}
	uses := []exec.Use{exec.Whole(in.Operand)}
	for _, t := range append(tensors[2:], out) {
		uses = append(uses, exec.Whole(t.Operand))
	}
	if k.Statistics {
		for _, t := range []*Tensor{n.Mean, n.Inverse} {
			if err := r.statistics(p, *t); err != nil {
				return fmt.Errorf("normalize: %w", err)
			}
			uses = append(uses, exec.Whole(t.Operand))
		}
	}
	p.Dispatch(k, shaders.Encode(r.normalized(n)), workgroups(r.number, k.Lanes), uses...)
	return nil
}

// statistics reports a tensor that does not have a number for each row, one behind the other.
func (r rows) statistics(p *exec.Plan, t Tensor) error {
	if err := t.check(p, shaders.Float32); err != nil {
		return err
	}
	if t.Count() != r.number || !t.IsContiguous() || t.Offset != 0 {
		return fmt.Errorf("%w: statistics of %d rows in %v with strides %v from %d on, must be contiguous",
			ErrShape, r.number, t.Shape, t.Strides, t.Offset)
	}
	return nil
}

func (r rows) normalized(n Normalization) shaders.NormalizeParams {
	params := shaders.NormalizeParams{
		Kept: shapeOf(r.kept[0].Shape), Reduced: shapeOf(r.reduced[0].Shape),
		X: viewOf(r.kept[0]), Terms: viewOf(r.reduced[0]), V: viewOf(r.kept[1]), Results: viewOf(r.reduced[1]),
		Rows: uint32(r.number), Count: uint32(r.count),
		Within: n.Within, Beside: n.Beside, Numbers: float32(r.count),
	}
	if len(r.kept) > 2 {
		params.Scale, params.Factors = viewOf(r.kept[2]), viewOf(r.reduced[2])
		params.Bias, params.Summands = viewOf(r.kept[3]), viewOf(r.reduced[3])
	}
	return params
}
