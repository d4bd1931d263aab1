package main

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/tensor"
)

// readVolume reads X, R or dV, a .npy file or a picture.
func (f *runFlags) readVolume(flag, path string) (tensor.Volume, error) {
	layout, err := tensor.ParseVolumeLayout(f.layout)
	if err != nil {
		return tensor.Volume{}, usageError{err}
	}
	array, format, err := f.app.readArray(flag, path)
	switch {
	case err != nil:
		return tensor.Volume{}, err
	case format == tensor.Picture && layout != tensor.NHWC:
		return tensor.Volume{}, usagef(
			"--layout %s with the picture %s: a picture has no other order than NHWC",
			f.layout,
			path,
		)
	}
	v, err := tensor.VolumeFrom(array, layout)
	if err != nil {
		return v, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// readFilters reads W and b. Those of an unshared layer have an axis of banks in front.
func (f *runFlags) readFilters(unshared bool) (tensor.Filters, error) {
	layout, err := tensor.ParseFilterLayout(f.filterLayout)
	if err != nil {
		return tensor.Filters{}, usageError{err}
	}
	array, err := f.app.readNumbers("--filters", f.filters)
	if err != nil {
		return tensor.Filters{}, err
	}
	from := tensor.FiltersFrom
	if unshared {
		from = tensor.FilterBanksFrom
	}
	w, err := from(array, layout)
	if err != nil {
		return w, fmt.Errorf("%s: %w", f.filters, err)
	}
	w.Bias = make([]float32, w.BankCount()*w.K)
	if f.bias != "" {
		w.Bias, err = f.readBiases(w, unshared)
	}
	return w, err
}

// readBiases reads the biases of filters w: K of them, or of an unshared layer K for each bank.
func (f *runFlags) readBiases(w tensor.Filters, unshared bool) ([]float32, error) {
	if !unshared {
		return f.readVector("--bias", f.bias)
	}
	array, err := f.app.readNumbers("--bias", f.bias)
	if want := []int{w.BankCount(), w.K}; err == nil && !slices.Equal(array.Shape, want) {
		err = fmt.Errorf(
			"%w: %s has the shape %v, must be %v: K biases for each bank",
			cpuref.ErrShape,
			f.bias,
			array.Shape,
			want,
		)
	}
	return array.Data, err
}

// readVector reads K numbers: biases or slopes.
func (f *runFlags) readVector(flag, path string) ([]float32, error) {
	array, err := f.app.readNumbers(flag, path)
	if err != nil {
		return nil, err
	}
	vector, err := tensor.BiasFrom(array)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return vector, nil
}

// readRest reads the files of what only some layers have.
func (f *runFlags) readRest(j *job) (err error) {
	if f.residualInput != "" {
		r, err := f.readVolume("--residual-input", f.residualInput)
		if err != nil {
			return err
		}
		j.data.Residual = []tensor.Volume{r}
	}
	if f.slopes != "" {
		if j.data.Slopes, err = f.readVector("--slopes", f.slopes); err != nil {
			return err
		}
	}
	if f.dv != "" {
		j.data.DV, err = f.readVolume("--dv", f.dv)
	}
	return err
}

// check holds all operands against the problem.
func (j job) check() error {
	p := j.problem
	if err := cpuref.CheckShapes(p, j.data.X, j.data.W); err != nil {
		return err
	}
	for _, r := range j.data.Residual {
		if err := cpuref.CheckOutput(p, "residual R", r); err != nil {
			return err
		}
	}
	if n := len(j.data.Slopes); j.options.Epilogue.Activation.Function == conv.PReLU && n != p.OutChannels {
		return fmt.Errorf(
			"%w: %d slopes, must be %d, one for each output channel of %s",
			cpuref.ErrShape,
			n,
			p.OutChannels,
			p,
		)
	}
	if j.backward {
		if err := cpuref.CheckOutput(p, "gradient dV", j.data.DV); err != nil {
			return err
		}
	}
	if err := j.options.Validate(p); err != nil {
		return err
	}
	if j.verify != "off" {
		return j.checkFinite()
	}
	return nil
}

// checkFinite refuses files with numbers about which no check could say anything.
func (j job) checkFinite() error {
	volumes := map[string][]float32{
		"X":          j.data.X.Data,
		"W":          j.data.W.Data,
		"b":          j.data.W.Bias,
		"dV":         j.data.DV.Data,
		"the slopes": j.data.Slopes,
	}
	for _, r := range j.data.Residual {
		volumes["R"] = r.Data
	}
	for what, data := range volumes {
		for i, v := range data {
			if v-v != 0 { // NaN or infinite
				return usagef(
					"number %d of %s is %v: outputs that depend on it cannot be judged; mend it, or say --verify off",
					i,
					what,
					v,
				)
			}
		}
	}
	return nil
}
