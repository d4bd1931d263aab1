package shaders

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden holds the text of every variant against its golden file, and that there are no others.
func TestGolden(t *testing.T) {
	stale := map[string]bool{}
	files, err := filepath.Glob("testdata/*.wgsl")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		stale[f] = true
	}
	for _, v := range Variants() {
		s, err := Source(v)
		if err != nil {
			t.Errorf("%s: %v", v.Name(), err)
			continue
		}
		golden := filepath.Join("testdata", v.Name()+".wgsl")
		delete(stale, golden)
		if *update {
			if err := os.WriteFile(golden, []byte(s.WGSL), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Errorf("%v: go test ./shaders -update writes it", err)
		} else if string(want) != s.WGSL {
			t.Errorf("%s drifted from its golden file: look at the difference, then go test ./shaders -update",
				v.Name())
		}
	}
	for f := range stale {
		if *update {
			os.Remove(f)
		} else {
			t.Errorf("%s belongs to no variant", f)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Variants() {
		if seen[v.Name()] {
			t.Errorf("two variants are named %s", v.Name())
		}
		seen[v.Name()] = true
	}
}

func TestOnlyTheTable(t *testing.T) {
	if s, err := Source(Conv(7, Float32)); err == nil {
		t.Errorf("a variant outside the table has a source:\n%s", s.WGSL)
	}
}

// TestParamsMatch holds the Go structs against the WGSL structs, field by field.
func TestParamsMatch(t *testing.T) {
	for v, params := range map[Variant]any{Conv(64, Float32): Params{}, Conv(32, Int8): Params{}, Dequantize: Params{},
		Requantize: Params{}, QuantizeLinear: LinearParams{}, DequantizeLinear: LinearParams{},
		FilterGradients: Params{}, BiasGradients: BiasParams{}, ReLU: ReLUParams{}, Activate: Params{},
		ActivationGradients: Params{}, Peaks()[0]: PeakParams{}, Copies()[0]: CopyParams{}, Pools()[0]: PoolParams{},
		MatMuls()[0]: MatMulParams{}, Resampling: ResampleParams{},
		Gathering: LookupParams{}, Scatters()[0]: ScatterParams{}, Sorting: TopKParams{}, Sampling: SampleParams{},
		Pointwises()[0]: PointwiseParams{}, Remaps()[0]: RemapParams{}, Reductions()[0]: ReduceAxesParams{},
		Softmaxes()[0]: RowsParams{}, Extremes()[0]: RowsParams{}, Normalizes()[0]: NormalizeParams{},
		Cumulates()[0]: CumulateParams{}, Halves()[0]: HalfParams{}, Halves()[2]: HalfParams{},
		FromInt8: FromInt8Params{}, ToSumsBy(4): ToSumsParams{}, CrossEntropy: CrossEntropyParams{},
		PoolGradients: PoolGradientParams{}, Chains()[0]: ChainParams{}, Repack: CountParams{}, SGD: CountParams{},
		Adam: CountParams{}} {
		s, err := Source(v)
		if err != nil {
			t.Fatal(err)
		}
		body := regexp.MustCompile(`(?s)struct Params \{(.*?)\n\}`).FindStringSubmatch(s.WGSL)
		var wgsl []string
		for _, m := range regexp.MustCompile(`(?m)^\t(\w+): ([\w<>]+),`).FindAllStringSubmatch(body[1], -1) {
			kind := map[string]string{"vec3<u32>": "[3]uint32", "vec3<f32>": "[3]float32", "u32": "uint32",
				"f32": "float32", "vec4<f32>": "[4]float32",
				"i32": "int32", "Shape": "shaders.Shape", "View": "shaders.View", "Axes": "shaders.Axes",
				"Steps": "shaders.Steps"}[m[2]]
			wgsl = append(wgsl, strings.ReplaceAll(m[1], "_", "")+" "+kind)
		}
		var host []string
		for i := range reflect.TypeOf(params).NumField() {
			if f := reflect.TypeOf(params).Field(i); f.Name != "_" {
				host = append(host, strings.ToLower(f.Name)+" "+f.Type.String())
			}
		}
		if !reflect.DeepEqual(wgsl, host) {
			t.Errorf("%s has the fields %v, %T has %v", v.Name(), wgsl, params, host)
		}
	}
}

// TestLayout holds that Go's packed fields lie where WGSL puts them: a vec3 at a multiple of 16 bytes,
// and the next number right behind it.
func TestLayout(t *testing.T) {
	offset := 0
	for i := range reflect.TypeFor[Params]().NumField() {
		f := reflect.TypeFor[Params]().Field(i)
		if f.Type.Kind() == reflect.Array && f.Name != "_" && offset%16 != 0 {
			t.Errorf("%s lies at %d", f.Name, offset)
		}
		offset += int(f.Type.Size())
	}
	if got := len(Encode(Params{})); got != offset {
		t.Errorf("%d bytes encoded, %d in fields", got, offset)
	}
}

func TestForward(t *testing.T) {
	p, err := conv.Parse("g2mb3ic4id7ih11iw12oc6kd2kh5kw3sd3sh2sw1pd1ph2pw3dd3dh1dw0+unshared+replicate")
	if err != nil {
		t.Fatal(err)
	}
	want := Params{InSize: [3]uint32{7, 11, 12}, InChannels: 4, OutSize: [3]uint32{2, 4, 16}, OutChannels: 6,
		FilterSize: [3]uint32{2, 5, 3}, GroupInputs: 2,
		Stride: [3]uint32{3, 2, 1}, GroupOutputs: 3, Pad: [3]uint32{1, 2, 3}, Padding: 2, Dilation: [3]uint32{4, 2, 1},
		Copies:  [3]uint32{1, 1, 1},
		Outputs: 3 * 2 * 4 * 16 * 6, Images: 3, WBank: 6 * 30 * 2, WGroup: 3 * 30 * 2, WOutput: 60, WInput: 1, WTap: 2,
		BBank:      6,
		Activation: 2, Residual: 1, Alpha: -1, Beta: 2, SplitK: 1, XPitch: 4, VPitch: 6, RPitch: 6}
	got := Forward(p, conv.Epilogue{Activation: conv.Activation{Function: conv.Clip, Alpha: -1, Beta: 2},
		Residual: conv.BeforeFunction})
	if got != want {
		t.Errorf("params %+v, want %+v", got, want)
	}
	back := InputGradient(p)
	if back.Backward != 1 || back.InChannels != 6 || back.OutChannels != 4 || back.WInput != 60 || back.WOutput != 1 ||
		back.Outputs != 3*7*11*12*4 || back.XPitch != 6 || back.VPitch != 4 {
		t.Errorf("input gradient %+v", back)
	}
	if want := ([3]uint32{1 + 1 + 0, 1 + 2 + 2, 1 + 3 + 3}); back.Copies != want {
		t.Errorf("copies %v, want %v", back.Copies, want)
	}
}

// TestBiasGradient: a bias's terms are the places of its depth slice in all images, or without sharing those
// of one neuron.
func TestBiasGradient(t *testing.T) {
	for descriptor, want := range map[string]BiasParams{
		"mb3ic4ih5iw7oc6kh2":          {3 * 4 * 6, 6},
		"mb3ic4ih5iw7oc6kh2+unshared": {3, 4 * 6 * 6},
	} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if got := BiasGradient(p); got != want {
			t.Errorf("%s: %+v, must be %+v", descriptor, got, want)
		}
	}
}

func TestTransposed(t *testing.T) {
	p, err := conv.Parse("ic4ih5oc6kh3sh2ph1+transposed")
	if err != nil {
		t.Fatal(err)
	}
	if got := Forward(p, conv.Epilogue{}); got.Backward != 1 || got.InSize != [3]uint32{1, 9, 9} ||
		got.OutSize != [3]uint32{1, 5, 5} || got.InChannels != 4 {
		t.Errorf("forward %+v", got)
	}
	if got := InputGradient(p); got.Backward != 0 || got.InChannels != 6 || got.OutChannels != 4 {
		t.Errorf("input gradient %+v", got)
	}
}

// TestEncodeOrder gives each word another value and finds them in the order of the struct, which
// TestParamsMatch holds against the shader's.
func TestEncodeOrder(t *testing.T) {
	data := Encode(BiasParams{0x01020300, 0x01020301})
	for i := range 2 {
		if got := binary.LittleEndian.Uint32(data[4*i:]); got != uint32(i)+0x01020300 {
			t.Errorf("word %d is %#x", i, got)
		}
	}
}

// TestTextIsAsDescribed holds what a device is told of a shader against its text.
func TestTextIsAsDescribed(t *testing.T) {
	for _, v := range Variants() {
		s, err := Source(v)
		if err != nil {
			t.Fatal(err)
		}
		threads := fmt.Sprintf("const THREADS: u32 = %du;", s.Workgroup[0])
		if bytes := workgroupBytes(t, s); s.WorkgroupStorage != bytes {
			t.Errorf("%s: told of %d bytes of workgroup memory, the text has %d", s.Name, s.WorkgroupStorage, bytes)
		}
		for _, words := range []string{threads, "@compute @workgroup_size(THREADS)\nfn " + s.Entry + "("} {
			if strings.Count(s.WGSL, words) != 1 {
				t.Errorf("%s: no %q in the text", s.Name, words)
			}
		}
		if strings.Contains(s.WGSL, "{{") || s.Workgroup[1] != 1 || s.Workgroup[2] != 1 || s.Name != v.Name() {
			t.Errorf("%s: %+v", v.Name(), s)
		}
	}
}

// workgroupBytes adds up the arrays in workgroup memory.
func workgroupBytes(t *testing.T, s Shader) (sum uint32) {
	arrays := regexp.MustCompile(`var<workgroup> \w+: array<(f32|i32), THREADS>;`).FindAllString(s.WGSL, -1)
	sum = 4 * uint32(len(arrays)) * s.Workgroup[0]
	square := regexp.MustCompile(`var<workgroup> \w+: array<array<mat2x4<f32>, (\d+)>, (\d+)>;`)
	nested := square.FindAllStringSubmatch(s.WGSL, -1)
	for _, a := range nested {
		var inner, outer uint32
		if _, err := fmt.Sscan(a[1], &inner); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(a[2], &outer); err != nil {
			t.Fatal(err)
		}
		sum += 32 * inner * outer
	}
	if len(arrays)+len(nested) != strings.Count(s.WGSL, "var<workgroup>") {
		t.Errorf("%s: workgroup memory that is no array of known numbers", s.Name)
	}
	return sum
}

func TestFits(t *testing.T) {
	for descriptor, want := range map[string]bool{
		"ic3ih227oc96kh11sh4":                       true,
		"ic70000ih300oc1kh1":                        false,
		"ic1iw5oc1kw2pw2000000000dw1999999999":      false,
		"ic1iw2000000000oc1kw1sw1000000000":         false,
		"ic1iw3oc1ow1073741825kw3+transposed":       false,
		"ic1id300ih4000iw4000oc1kd1kh1kw1+unshared": false,
	} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if got := Fits(p); got != want {
			t.Errorf("Fits(%s) = %v", descriptor, got)
		}
	}
}

func TestGrid(t *testing.T) {
	for _, c := range []struct {
		count uint64
		limit uint32
		want  [3]uint32
		ok    bool
	}{
		{0, 10, [3]uint32{1, 1, 1}, true},
		{1, 10, [3]uint32{1, 1, 1}, true},
		{10, 10, [3]uint32{10, 1, 1}, true},
		{11, 10, [3]uint32{6, 2, 1}, true},
		{101, 10, [3]uint32{10, 6, 2}, true},
		{1000, 10, [3]uint32{10, 10, 10}, true},
		{1001, 10, [3]uint32{10, 10, 6}, false},
		{1, 1, [3]uint32{1, 1, 1}, true},
		{2, 1, [3]uint32{1, 1, 1}, false},
		{1, 0, [3]uint32{1, 1, 1}, false},
		{90000, 65535, [3]uint32{45000, 2, 1}, true},
		{math.MaxUint32, math.MaxUint32, [3]uint32{math.MaxUint32, 1, 1}, true},
		{math.MaxUint64, 65535, [3]uint32{65535, 65535, 65535}, false},
		{math.MaxUint64, math.MaxUint32, [3]uint32{math.MaxUint32, 1<<31 + 1, 2}, true},
	} {
		if got, ok := Grid(c.count, c.limit); got != c.want || ok != c.ok {
			t.Errorf("Grid(%d, %d) = %v, %v, want %v, %v", c.count, c.limit, got, ok, c.want, c.ok)
		}
	}
}

var (
	function  = regexp.MustCompile(`(?s)\nfn \w+\(.*?\n}\n`)
	remainder = regexp.MustCompile(`(\w+) % (\w+)`)
)

// TestNoSignedRemainder holds that no % has a number with a sign: Vulkan leaves open what it gives where one is
// negative, and NVIDIA's driver takes both for numbers without.
func TestNoSignedRemainder(t *testing.T) {
	for _, v := range Variants() {
		s, err := Source(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range function.FindAllString(s.WGSL, -1) {
			for _, m := range remainder.FindAllStringSubmatch(f, -1) {
				for _, name := range m[1:] {
					if regexp.MustCompile(`\b` + name + `: i32\b`).MatchString(f) {
						t.Errorf("%s: %q has a number with a sign: write x - x / y * y", v.Name(), m[0])
					}
				}
			}
		}
	}
}
