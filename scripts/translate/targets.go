package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// target is a language that naga writes.
type target struct {
	name   string
	file   string   // its ending tells naga the language
	bounds string   // what wgpu has naga do with an index that may lie outside
	args   []string // of naga
	check  func(path string) error
}

var targets = []target{
	{"MSL", "shader.metal", "Restrict", nil, written},
	{"HLSL 5.1", "shader.hlsl", "Unchecked", []string{"--shader-model", "51"}, validHLSL},
	{"HLSL 6.0", "shader.hlsl", "Unchecked", []string{"--shader-model", "60"}, validHLSL},
	{"GLSL ES 3.1", "shader.comp", "Unchecked", []string{"--profile", "es310"}, validGLSL},
	{"SPIR-V", "shader.spv", "Restrict", nil, validSPIRV},
}

// written holds that there is something: only Apple's compiler reads Metal's language.
func written(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() == 0 {
		return &refusal{"nothing was written"}
	}
	return err
}

// zeroed is how naga zeroes workgroup memory: `name = (float[256])0;`. Microsoft's compilers take it,
// glslangValidator does not.
var zeroed = regexp.MustCompile(`(?m)^(\s+)\w+ = \(\w+(?:\[\d+\])+\)0;$`)

// validHLSL has glslangValidator read what is written, but for lines that it does not know. DX12 has another compiler,
// which may refuse more.
func validHLSL(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, zeroed.ReplaceAll(text, []byte("$1;")), 0o600); err != nil {
		return err
	}
	return call("glslangValidator", "-D", "-e", "main", "-S", "comp", "-V", "-o", os.DevNull, path)
}

func validGLSL(path string) error {
	return call("glslangValidator", "-S", filepath.Ext(path)[1:], path)
}

func validSPIRV(path string) error {
	if err := call("spirv-val", "--target-env", "vulkan1.1", path); err != nil {
		return err
	}
	module, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return noSignedRemainder(module)
}

// Numbers of the SPIR-V specification, sections 2.3, 3.49.13 and 2.3.
const (
	spirvMagic       = 0x07230203
	spirvHeaderWords = 5
	opSRem           = 138
	opSMod           = 139
)

// noSignedRemainder holds that no instruction takes the remainder of numbers with a sign: Vulkan leaves open what it
// gives where one is negative, and NVIDIA's driver takes both for numbers without.
func noSignedRemainder(module []byte) error {
	words := make([]uint32, len(module)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(module[4*i:])
	}
	if len(words) < spirvHeaderWords || words[0] != spirvMagic {
		return fmt.Errorf("%d bytes that are no SPIR-V", len(module))
	}
	for i := spirvHeaderWords; i < len(words); {
		switch words[i] & 0xffff {
		case opSRem:
			return &refusal{"OpSRem: Vulkan leaves open what it gives for negative numbers"}
		case opSMod:
			return &refusal{"OpSMod: Vulkan leaves open what it gives for negative numbers"}
		}
		length := int(words[i] >> 16)
		if length == 0 {
			return fmt.Errorf("an instruction of no words at word %d", i)
		}
		i += length
	}
	return nil
}
