package shaders

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Single is a row of the table whose epilogue knows one function alone, or with Identity none. Software adapters
// compute both sides of each branch, and so all functions of an epilogue that knows them all.
type Single struct {
	Of       Variant
	Function conv.Function
}

// HasFunctions tells whether a kernel has the epilogue's functions, of which it may have a single one.
func HasFunctions(k Variant) bool {
	switch k := k.(type) {
	case Elementwise:
		return k == SumSplitK || k == Dequantize || k == Requantize
	case Stored, Single:
		return false
	}
	return stores(k)
}

// Name is, for example, sum_split_k_t256_only_relu.
func (k Single) Name() string             { return fmt.Sprintf("%s_only_%s", k.Of.Name(), k.Function) }
func (k Single) file() string             { return k.Of.file() }
func (k Single) threads() uint32          { return k.Of.threads() }
func (k Single) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// valid tells whether there is such a kernel, of a row of the table.
func (k Single) valid() bool {
	return HasFunctions(k.Of) && k.Function >= conv.Identity && k.Function <= conv.ELU
}

// Singles are those in the table: one with each function, and one of the kernels that apply it to what they wrote.
func Singles() (all []Single) {
	for f := conv.Identity; f <= conv.ELU; f++ {
		all = append(all, Single{SumSplitK, f})
	}
	return append(all, Single{Registers{8, 16, 4, 8, false, false}, conv.ReLU})
}

// aCase finds the functions of epilogue.wgsl, and their numbers.
var aCase = regexp.MustCompile(`(?:case (\d+)u|default): \{ (return .*;) \}`)

// singleTemplates are the templates of all rows with one function alone.
func singleTemplates(f conv.Function) *template.Template { return singleSets()[f] }

var singleSets = sync.OnceValue(func() map[conv.Function]*template.Template {
	sets := map[conv.Function]*template.Template{}
	for _, c := range aCase.FindAllStringSubmatch(templates.Lookup("function").Root.String(), -1) {
		number, _ := strconv.Atoi(c[1]) // 0 of the default
		text := fmt.Sprintf("{{define \"function\"}}fn function(z: f32, slope: f32) -> f32 {\n\t%s\n}{{end}}", c[2])
		sets[conv.Function(number)] = template.Must(template.Must(templates.Clone()).Parse(text))
	}
	return sets
})
