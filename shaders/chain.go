package shaders

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Before is what a link reads that comes from the one before it; other numbers are inputs of the chain.
const Before = -1

// How many links and inputs a chain may have: as many as parameters have room for, and bindings beside V's and those
// of the smallest limits of WebGPU.
const (
	MostLinks  = 8
	MostInputs = 6
)

// Link is a function of a chain: a row of the table of expressions, without words, and where it finds what it reads.
type Link struct {
	Kernel, In string
	From       []int
}

// Chain is chain.wgsl: functions one after the other, each but the first of which reads what the one before it gave.
// There are as many as there are orders of functions: Variants has some of them, and Source takes any that NewChain
// gave.
type Chain struct {
	Text    string // the links: "add_ff 0 1, relu_f ."
	Flat    bool   // tensors have one axis
	Threads uint32
	Each    uint32 // numbers that a thread computes
}

// NewChain is the chain of these links. ok is false where one is not in the table, has words, reads another type than
// what it gets, or what is not there.
func NewChain(links []Link, flat bool) (c Chain, ok bool) {
	var all []string
	for _, l := range links {
		words := []string{l.Kernel + "_" + l.In}
		for _, from := range l.From {
			if from == Before {
				words = append(words, ".")
			} else {
				words = append(words, strconv.Itoa(from))
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	c = Chain{strings.Join(all, ", "), flat, 256, 4}
	return c, c.valid()
}

// chainLink is a link with its row.
type chainLink struct {
	expression
	from []int
}

// links reads the text; it is nil where that is no chain's.
func (c Chain) links() (all []chainLink) {
	for _, text := range strings.Split(c.Text, ", ") {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil
		}
		at := slices.IndexFunc(expressions, func(e expression) bool { return e.kernel+"_"+e.in == words[0] })
		if at < 0 || len(words) != 1+len(expressions[at].in) {
			return nil
		}
		l := chainLink{expression: expressions[at]}
		for _, word := range words[1:] {
			from, err := strconv.Atoi(word)
			if word == "." {
				from, err = Before, nil
			}
			if err != nil {
				return nil
			}
			l.from = append(l.from, from)
		}
		all = append(all, l)
	}
	return all
}

// valid tells whether each link reads what is there, of its type.
func (c Chain) valid() bool {
	links := c.links()
	if len(links) < 2 || len(links) > MostLinks || c.Threads != 256 || c.Each != 4 {
		return false
	}
	inputs := 0
	for i, l := range links {
		if strings.Contains(l.in+l.out, "w") || i > 0 != slices.Contains(l.from, Before) {
			return false
		}
		for k, from := range l.from {
			switch {
			case from == Before && l.in[k:k+1] != links[i-1].out, from > inputs, from < Before:
				return false
			case from == inputs:
				inputs++
			case from >= 0 && c.inputType(links, from) != l.in[k:k+1]:
				return false
			}
		}
	}
	return inputs <= MostInputs
}

// inputType is the letter of an input's type, as the first link that reads it has it.
func (Chain) inputType(links []chainLink, input int) string {
	for _, l := range links {
		if k := slices.Index(l.from, input); k >= 0 {
			return l.in[k : k+1]
		}
	}
	return ""
}

// chains are the table's: of the smallest kind, with the most links and inputs, and with whole numbers, of which the
// link before is the second operand, and read twice.
var chains = []string{
	"add_ff 0 1, relu_f .",
	"sub_ff 0 1, mul_ff . ., scale_f ., exp_f ., add_ff 2 ., max_ff . 3, affine_fff . 4 5, clip_f .",
	"less_ff 0 1, and_ii 2 ., not_i .",
}

// Chains are the rows of the table.
func Chains() (all []Chain) {
	for _, text := range chains {
		all = append(all, Chain{text, true, 256, 4}, Chain{text, false, 256, 4})
	}
	return all
}

// Name is, for example, chain_add_relu_1a2b3c4d_flat_t256_x4, where the digits tell apart what is read from where.
func (c Chain) Name() string {
	var kernels []string
	for _, l := range c.links() {
		kernels = append(kernels, l.kernel)
	}
	form := "strided"
	if c.Flat {
		form = "flat"
	}
	return fmt.Sprintf("chain_%s_%08x_%s_t%d_x%d", strings.Join(kernels, "_"), crc32.ChecksumIEEE([]byte(c.Text)),
		form, c.Threads, c.Each)
}

// ChainInput is an input of a chain: its name in WGSL, its binding, and its type.
type ChainInput struct {
	Name    string
	Binding int
	Type    string
}

// Inputs are what the chain reads.
func (c Chain) Inputs() (all []ChainInput) {
	links := c.links()
	for i := 0; ; i++ {
		letter := c.inputType(links, i)
		if letter == "" {
			return all
		}
		all = append(all, ChainInput{fmt.Sprintf("x%d", i), i + 1, wgslTypes[letter]})
	}
}

// Out is the binding of V, and Result the type of its numbers.
func (c Chain) Out() int { return len(c.Inputs()) + 1 }
func (c Chain) Result() string {
	links := c.links()
	return wgslTypes[links[len(links)-1].out]
}

// ChainLink is a link as the template has it: a function of these parameters, and what it is called with.
type ChainLink struct {
	Number     int
	Parameters string // "x: f32, y: f32"
	Arguments  string // "in0, before"
	Result     string
	Expression string
	Careful    bool
}

// Links are those of the chain.
func (c Chain) Links() (all []ChainLink) {
	for i, l := range c.links() {
		of := ChainLink{Number: i, Result: wgslTypes[l.out], Careful: l.careful, Expression: l.with(i)}
		var parameters, arguments []string
		for k, from := range l.from {
			parameters = append(parameters, "xyz"[k:k+1]+": "+wgslTypes[l.in[k:k+1]])
			if from == Before {
				arguments = append(arguments, fmt.Sprintf("link%d_of", i-1))
			} else {
				arguments = append(arguments, fmt.Sprintf("in%d", from))
			}
		}
		of.Parameters, of.Arguments = strings.Join(parameters, ", "), strings.Join(arguments, ", ")
		all = append(all, of)
	}
	return all
}

var parameter = regexp.MustCompile(`\bp\.(alpha|beta)\b`)

// with is the link's expression with the chain's parameters in the place of alpha and beta: those of two links are in
// each vector.
func (l chainLink) with(number int) string {
	return parameter.ReplaceAllStringFunc(l.wgsl, func(name string) string {
		at := 2 * (number % 2)
		if name == "p.beta" {
			at++
		}
		return fmt.Sprintf("p.%s.%s", [...]string{"first", "second", "third", "fourth"}[number/2], "xyzw"[at:at+1])
	})
}

// Last is what the last link gives.
func (c Chain) Last() string { return fmt.Sprintf("link%d_of", len(c.links())-1) }

// Functions is the WGSL of the functions that the links call.
func (c Chain) Functions() (string, error) {
	var all strings.Builder
	for _, l := range c.links() {
		all.WriteString(l.wgsl + "\n")
		if l.careful {
			all.WriteString("is_nan(x)\n")
		}
	}
	return functions(all.String())
}

// Walk has the views of all tensors.
func (c Chain) Walk() Walk {
	var views []string
	for _, in := range c.Inputs() {
		views = append(views, in.Name)
	}
	return Walk{"shape", append(views, "v")}
}

func (Chain) file() string             { return "chain.wgsl" }
func (c Chain) threads() uint32        { return c.Threads }
func (Chain) workgroupStorage() uint32 { return 0 }

// ChainParams is the struct Params of chain.wgsl.
type ChainParams struct {
	Shape                        Shape
	V, X0, X1, X2, X3, X4, X5    View
	First, Second, Third, Fourth [4]float32 // alpha and beta of two links each
	Outputs                      uint32
	Zero                         uint32
	_                            [2]uint32 // a struct's size is a multiple of 16 bytes
}
