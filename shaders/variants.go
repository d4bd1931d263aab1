package shaders

import (
	"embed"
	"fmt"
	"strings"
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
}

// Conv is conv.wgsl: a workgroup of Threads for each output, with ReLU fused where asked for.
// Threads is a power of two.
type Conv struct {
	Threads uint32
	ReLU    bool
}

// Name is, for example, conv_t64_relu.
func (c Conv) Name() string {
	name := fmt.Sprintf("conv_t%d", c.Threads)
	if c.ReLU {
		name += "_relu"
	}
	return name
}

func (Conv) file() string               { return "conv.wgsl" }
func (c Conv) threads() uint32          { return c.Threads }
func (c Conv) workgroupStorage() uint32 { return 4 * c.Threads }

// ReLU is relu.wgsl: a thread for each element.
type ReLU struct{ Threads uint32 }

// Name is, for example, relu_t256.
func (r ReLU) Name() string { return fmt.Sprintf("relu_t%d", r.Threads) }

func (ReLU) file() string             { return "relu.wgsl" }
func (r ReLU) threads() uint32        { return r.Threads }
func (ReLU) workgroupStorage() uint32 { return 0 }

// ConvThreads are the workgroup sizes of conv.wgsl, in rising order.
var ConvThreads = []uint32{32, 64, 128, 256}

// Variants is the whole table: nothing else is ever compiled.
func Variants() []Variant {
	var all []Variant
	for _, threads := range ConvThreads {
		all = append(all, Conv{threads, false}, Conv{threads, true})
	}
	return append(all, ReLU{256})
}

//go:embed *.wgsl
var files embed.FS

// templates are parsed once; a field that a variant lacks is an error, never empty text.
var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(files, "*.wgsl"))

// Source fills the variant's template. Only rows of the table have a source.
func Source(v Variant) (Shader, error) {
	for _, row := range Variants() {
		if row == v {
			return fill(v)
		}
	}
	return Shader{}, fmt.Errorf("shader variant %#v is not in the table", v)
}

func fill(v Variant) (Shader, error) {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, v.file(), v); err != nil {
		return Shader{}, fmt.Errorf("shader variant %s: %w", v.Name(), err)
	}
	return Shader{Name: v.Name(), WGSL: text.String(), Entry: "main",
		Workgroup: [3]uint32{v.threads(), 1, 1}, WorkgroupStorage: v.workgroupStorage()}, nil
}
