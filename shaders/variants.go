package shaders

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"text/template"
)

// Variant is a row of the table: a comparable struct that its shader's template is filled with.
type Variant interface {
	// Name is unique in the table, and the golden file's name.
	Name() string
	file() string
	threads() uint32
	workgroupStorage() uint32
}

// Shader is the text of one variant and what a device must know of it.
type Shader struct {
	Name             string
	WGSL             string
	Entry            string
	Workgroup        [3]uint32 // threads
	WorkgroupStorage uint32    // bytes
	Bindings         []Access  // of @binding(0), @binding(1), ...
}

// Access is how a shader sees the buffer or texture at a binding.
type Access string

// The accesses, as WGSL spells them.
const (
	Uniform Access = "uniform"
	Read    Access = "storage, read"
	Write   Access = "storage, read_write"
	Texture Access = "texture_storage_2d<rgba32float, read>"
)

// binding finds the declarations of buffers and textures, which stand in the order of their numbers.
var binding = regexp.MustCompile(`@group\(0\) @binding\(\d+\) var(?:<([^>]+)>| \w+: (texture_\w+<[^>]+>))`)

// DType is how a kernel's volumes and filters are stored.
type DType string

// The data types: float16 is added up as float32, int8 as int32. Int32 is of tensor kernels alone.
const (
	Float32 DType = "float32"
	Float16 DType = "float16"
	Int8    DType = "int8"
	Int32   DType = "int32"
)

// Sums is a kernel whose workgroups of Threads, a power of two, each add up one element, or two of
// float16: conv.wgsl, filter_gradient.wgsl or bias_gradient.wgsl.
type Sums struct {
	Kernel  string
	Threads uint32
	DType   DType
}

// Conv is conv.wgsl with the given workgroup.
func Conv(threads uint32, n DType) Sums { return Sums{"conv", threads, n} }

// Name is, for example, conv_t64, or conv_t64_int8.
func (s Sums) Name() string {
	name := fmt.Sprintf("%s_t%d", s.Kernel, s.Threads)
	if s.DType != Float32 {
		name += "_" + string(s.DType)
	}
	return name
}

// Sum is the WGSL type that is added up.
func (s Sums) Sum() string {
	if s.DType == Int8 {
		return "i32"
	}
	return "f32"
}

func (s Sums) file() string             { return s.Kernel + ".wgsl" }
func (s Sums) threads() uint32          { return s.Threads }
func (s Sums) workgroupStorage() uint32 { return 4 * s.Threads }

// Elementwise is a kernel with a thread for each element (elementwise.wgsl): relu.wgsl, activate.wgsl,
// activate_gradient.wgsl, dequantize.wgsl and their like, or for each word of four numbers of int8.
type Elementwise struct {
	Kernel  string
	Threads uint32
}

// Name is, for example, relu_t256.
func (e Elementwise) Name() string { return fmt.Sprintf("%s_t%d", e.Kernel, e.Threads) }

// Functions is the WGSL of the functions of functions.wgsl that it calls.
func (e Elementwise) Functions() (string, error) {
	return functions(templates.Lookup(e.file()).Root.String())
}

func (e Elementwise) file() string           { return e.Kernel + ".wgsl" }
func (e Elementwise) threads() uint32        { return e.Threads }
func (Elementwise) workgroupStorage() uint32 { return 0 }

// ConvThreads are the workgroup sizes of conv.wgsl, in rising order.
var ConvThreads = []uint32{32, 64, 128, 256}

// The rows that are not a matter of choice.
var (
	FilterGradients     = Sums{"filter_gradient", 64, Float32}
	BiasGradients       = Sums{"bias_gradient", 64, Float32}
	FilterStrided       = Elementwise{"filter_strided", 256}
	ReLU                = Elementwise{"relu", 256}
	Activate            = Elementwise{"activate", 256}
	ActivationGradients = Elementwise{"activate_gradient", 256}
	Dequantize          = Elementwise{"dequantize", 256}
	Requantize          = Elementwise{"requantize", 256}
	QuantizeLinear      = Elementwise{"quantize_linear", 256}
	DequantizeLinear    = Elementwise{"dequantize_linear", 256}
	SumSplitK           = Elementwise{"sum_split_k", 256}
)

// Variants is the whole table: nothing else is ever compiled, but for chains of its functions, and other rows of it
// with volumes that are stored otherwise or with a single function.
func Variants() []Variant {
	var all []Variant
	for _, threads := range ConvThreads {
		all = append(all, Conv(threads, Float32), Conv(threads, Float16), Conv(threads, Int8))
	}
	for _, k := range Peaks() {
		all = append(all, k)
	}
	for _, k := range Copies() {
		all = append(all, k)
	}
	for _, k := range Winograds() {
		all = append(all, k)
	}
	for _, k := range WinogradGradients() {
		all = append(all, k)
	}
	for _, k := range Fouriers() {
		all = append(all, k)
	}
	all = append(all, SpaceToDepthBy(4), SpaceToDepthBy(1))
	for _, k := range DepthToSpaces() {
		all = append(all, k)
	}
	for _, t := range tileRows {
		all = append(all, t)
	}
	for _, s := range separableRows {
		all = append(all, s)
	}
	for _, s := range stemRows {
		all = append(all, s)
	}
	for _, f := range filterTileRows {
		all = append(all, f)
	}
	for _, f := range filterSharedRows {
		all = append(all, f)
	}
	all = append(all, BiasSumsBy(4), BiasSumsBy(1))
	for _, f := range filterSlideRows {
		all = append(all, f)
	}
	for _, u := range unsharedRows {
		all = append(all, u)
	}
	all = append(all, FilterUnsharedBy(4), FilterUnsharedBy(1))
	for _, images := range []uint32{1, 4} {
		all = append(all, UnsharedInputsBy(images, 4), UnsharedInputsBy(images, 1))
	}
	all = append(all, UnsharedGatherBy(4), UnsharedGatherBy(1))
	for _, d := range depthwiseRows {
		all = append(all, d)
	}
	for _, s := range slideRows {
		all = append(all, s)
	}
	for _, s := range spreadRows {
		all = append(all, s)
	}
	for _, k := range Halves() {
		all = append(all, k)
	}
	for _, k := range Storeds() {
		all = append(all, k)
	}
	for _, k := range Singles() {
		all = append(all, k)
	}
	for _, k := range Textureds() {
		all = append(all, k)
	}
	all = append(all, FromInt8, ToSumsBy(4), ToSumsBy(1))
	all = append(all, trainingRows...)
	for _, k := range Operators() {
		all = append(all, k)
	}
	for _, k := range Pools() {
		all = append(all, k)
	}
	for _, k := range Pointwises() {
		all = append(all, k)
	}
	for _, k := range Chains() {
		all = append(all, k)
	}
	for _, k := range Remaps() {
		all = append(all, k)
	}
	for _, k := range Scatters() {
		all = append(all, k)
	}
	all = append(all, rowKernels()...)
	for _, m := range MatMuls() {
		all = append(all, m)
	}
	return append(
		all,
		FilterGradients,
		BiasGradients,
		FilterStrided,
		ReLU,
		Activate,
		ActivationGradients,
		Dequantize,
		Requantize,
		QuantizeLinear,
		DequantizeLinear,
		SumSplitK,
		Resampling,
		Gathering,
		Sorting,
		Sampling,
	)
}

//go:embed *.wgsl
var files embed.FS

// yes is what templates know as finishes: kernels apply the epilogue to what they stored.
func yes() bool { return true }

// templates are parsed once; a field that a variant lacks is an error, never empty text.
var templates = template.Must(
	template.New("").
		Option("missingkey=error").
		Funcs(template.FuncMap{"plus": plus, "vector": vectorType, "half": half, "quarter": quarter,
			"whole": wholeType, "bits": bitsType, "finishes": yes}).
		ParseFS(files, "*.wgsl"),
)

// Source fills the variant's template. Only rows of the table have a source, chains of rows of it, and rows of it with
// volumes that are stored otherwise, with a single function, or that read from textures.
func Source(v Variant) (Shader, error) {
	if s, ok := filled.Load(v); ok { // choosing an algorithm asks for many rows, again and again
		return s.(Shader), nil
	}
	all := Variants()
	switch k := v.(type) {
	case Chain:
		if k.valid() {
			all = append(all, k)
		}
	case Single:
		if _, err := Source(k.Of); err == nil && k.valid() {
			all = append(all, k)
		}
	case Stored:
		if _, err := Source(k.Of); err == nil && k.valid() {
			all = append(all, k)
		}
	case Textured:
		if _, err := Source(k.Of); err == nil && HasTextured(k.Of) {
			all = append(all, k)
		}
	}
	for _, row := range all {
		if row == v {
			s, err := fill(v)
			if err == nil {
				filled.Store(v, s)
			}
			return s, err
		}
	}
	return Shader{}, fmt.Errorf("shader variant %#v is not in the table", v)
}

// templatesFor are the templates of a variant, and the row of the table that they are filled with.
func templatesFor(v Variant) (*template.Template, Variant) {
	switch k := v.(type) {
	case Stored:
		return templatesOf(k), k.Of
	case Single:
		return singleTemplates(k.Function), k.Of
	case Textured:
		of, row := templatesFor(k.Of)
		return textured(of), row
	}
	return templates, v
}

// filled are the rows whose templates were filled before.
var filled sync.Map

func fill(v Variant) (Shader, error) {
	var text strings.Builder
	from, data := templatesFor(v)
	if err := from.ExecuteTemplate(&text, v.file(), data); err != nil {
		return Shader{}, fmt.Errorf("shader variant %s: %w", v.Name(), err)
	}
	shader := Shader{
		Name:             v.Name(),
		WGSL:             text.String(),
		Entry:            "main",
		Workgroup:        [3]uint32{v.threads(), 1, 1},
		WorkgroupStorage: v.workgroupStorage(),
	}
	for _, b := range binding.FindAllStringSubmatch(shader.WGSL, -1) {
		shader.Bindings = append(shader.Bindings, Access(b[1]+b[2]))
	}
	return shader, nil
}
