package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

// inputFlags say what a network is given.
type inputFlags struct {
	pictureFlags
	files, dims []string
	seed        uint64
	random      bool // --random was given
}

func (f *inputFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(
		&f.files,
		"input",
		nil,
		"NAME=FILE: a .npy, an ONNX tensor (.pb), a PNG or JPEG, or - for stdin; of a single one without NAME=",
	)
	f.pictureFlags.add(flags)
	flags.StringArrayVar(&f.dims, "dim", nil, "NAME=N: the size of a symbolic dimension that no input's shape says")
	flags.Uint64Var(
		&f.seed,
		"random",
		0,
		"fill inputs that are not given with seeded numbers: reals from -1 to 1, whole ones from 0 to 9, truth values",
	)
}

// given is one input as the report shows it.
type given struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Shape []int  `json:"shape"`
	From  string `json:"from"` // a file, or how it was made
}

// read gives a network its inputs.
func (f *inputFlags) read(a *app, n *network) (map[string]tensor.Array, []given, error) {
	options, err := f.pictureFlags.parse()
	if err != nil {
		return nil, nil, err
	}
	files, err := f.assigned(n)
	if err != nil {
		return nil, nil, err
	}
	inputs := map[string]tensor.Array{}
	for _, port := range n.inputs {
		if file, ok := files[port.Name]; ok {
			if inputs[port.Name], err = a.readInput(file, port, options); err != nil {
				return nil, nil, fmt.Errorf("input %s of %s: %w", port, file, err)
			}
		}
	}
	if err := f.fill(n, inputs); err != nil {
		return nil, nil, err
	}
	var list []given
	for _, port := range n.inputs {
		from, ok := files[port.Name]
		if !ok {
			from = fmt.Sprintf("seed %d", f.seed)
		}
		list = append(list, given{port.Name, port.Type.String(), inputs[port.Name].Shape, from})
	}
	return inputs, list, nil
}

// assigned are the files of --input, by the input's name. All inputs must have one, unless --random fills the rest.
func (f *inputFlags) assigned(n *network) (map[string]string, error) {
	files := map[string]string{}
	for _, text := range f.files {
		name, file, err := named("--input", text, n.inputs)
		if err != nil {
			return nil, err
		}
		if other, taken := files[name]; taken {
			return nil, usagef("--input %s: input %q has the file %s already", text, name, other)
		}
		files[name] = file
	}
	var missing []string
	for _, port := range n.inputs {
		if _, ok := files[port.Name]; !ok {
			missing = append(missing, fmt.Sprintf("%q", port.Name))
		}
	}
	if len(missing) > 0 && !f.random {
		return nil, usagef(
			"no --input for %s: name files, or fill them with --random SEED; %s takes:%s",
			strings.Join(missing, ", "), n.path, portList(n.inputs),
		)
	}
	return files, nil
}

// readInput reads a file, known by its first bytes, as what a port takes.
func (a *app) readInput(file string, port model.Port, options pictureOptions) (tensor.Array, error) {
	data, err := a.readBytes("--input", file)
	if err != nil {
		return tensor.Array{}, err
	}
	array, format, err := tensor.Read(bytes.NewReader(data))
	switch {
	case format == "" && err != nil: // neither an array of numpy's nor a picture
		return readTensor(data, port)
	case err != nil:
		return array, err
	case format == tensor.Picture:
		v, err := tensor.VolumeFrom(array, tensor.NHWC)
		if err != nil {
			return array, err
		}
		return options.input(v, port)
	case !isFloat(port.Type):
		return asInts(array)
	}
	return array, nil
}

// readTensor reads an ONNX tensor.
func readTensor(data []byte, port model.Port) (tensor.Array, error) {
	t, err := onnx.UnmarshalTensor(data)
	if err != nil {
		return tensor.Array{}, fmt.Errorf("it is neither .npy nor PNG nor JPEG, nor an ONNX tensor: %w", err)
	}
	array, err := model.ArrayOf(t)
	if err == nil && isFloat(port.Type) {
		array = asFloats(array)
	}
	return array, err
}

// readBytes reads a file, or stdin.
func (a *app) readBytes(flag, path string) ([]byte, error) {
	if path != stream {
		return os.ReadFile(path)
	}
	r, err := a.stdin.take(flag)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// fill makes the inputs that are missing, of the sizes that the others and --dim say.
func (f *inputFlags) fill(n *network, inputs map[string]tensor.Array) error {
	bound, err := n.bound(inputs)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(f.seed, 0x696e666572))
	for _, port := range n.inputs {
		if _, ok := inputs[port.Name]; ok {
			continue
		}
		shape, err := sizesOf(port, bound)
		if err != nil {
			return err
		}
		inputs[port.Name] = randomArray(port, shape, rng)
	}
	return nil
}

// bound are the sizes of symbolic dimensions: those of --dim, and those that the inputs' shapes say.
func (n *network) bound(inputs map[string]tensor.Array) (map[string]int, error) {
	sizes, by := map[string]int{}, map[string]string{}
	for name, size := range n.dims {
		sizes[name], by[name] = size, "--dim"
	}
	for _, port := range n.inputs {
		shape := inputs[port.Name].Shape
		if len(shape) != len(port.Dims) {
			continue // the network says what is wrong with it
		}
		for i, name := range port.Dims {
			if name == "" {
				continue
			}
			if size, ok := sizes[name]; ok && size != shape[i] {
				return nil, usagef("input %s: %s is %d here, and %d by %s", port, name, shape[i], size, by[name])
			}
			sizes[name], by[name] = shape[i], fmt.Sprintf("input %q", port.Name)
		}
	}
	return sizes, nil
}

// mostRandom is how many numbers an input may have that is filled: 1 GiB.
const mostRandom = 1 << 28

// sizesOf is the shape of a port whose symbolic dimensions have these sizes.
func sizesOf(port model.Port, bound map[string]int) (shape []int, err error) {
	if !port.Ranked {
		return nil, usagef("input %s: its shape is open: give it as a file", port)
	}
	count := 1
	for i, size := range port.Shape {
		if name := port.Dims[i]; size < 0 && name != "" {
			if size = bound[name]; size == 0 {
				return nil, usagef("input %s: the size %s is open: say it with --dim %s=N", port, name, name)
			}
		}
		if size < 0 {
			return nil, usagef(
				"input %s: the size of axis %d is open, and has no name: give the input as a file",
				port,
				i,
			)
		}
		if size > 0 && count > mostRandom/size {
			return nil, usagef("input %s: more than %d numbers: give it as a file", port, mostRandom)
		}
		count *= size
		shape = append(shape, size)
	}
	return shape, nil
}

// randomArray draws an input's numbers.
func randomArray(port model.Port, shape []int, rng *rand.Rand) tensor.Array {
	count := 1
	for _, size := range shape {
		count *= size
	}
	a := tensor.Array{Shape: shape}
	if isFloat(port.Type) {
		a.Data = make([]float32, count)
		tensor.FillReals(a.Data, rng)
		return a
	}
	most := 10
	if port.Type == onnx.Bool {
		most = 2
	}
	a.Ints = make([]int64, count)
	for i := range a.Ints {
		a.Ints[i] = int64(rng.IntN(most))
	}
	return a
}
