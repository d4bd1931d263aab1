package exec_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// doubling stands for a kernel that gives twice the numbers that it reads from a texture.
var doubling = shaders.ReLU

func doubles(shaders.Variant) (shaders.Shader, error) {
	return shaders.Shader{
		Name: "doubling", Entry: "main", Workgroup: [3]uint32{1, 1, 1},
		Bindings: []shaders.Access{shaders.Uniform, shaders.Texture, shaders.Write},
		WGSL: `@group(0) @binding(0) var<uniform> p: vec4<u32>;
@group(0) @binding(1) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
	v[id.x + p.x] = 2.0 * textureLoad(x, vec2<u32>(id.x, 0u));
}
`}, nil
}

// TestTextures has kernels read what was written before, from textures that steps share: an operand that is read
// twice, one that is written anew, an other part of one, and a constant that becomes another one.
func TestTextures(t *testing.T) {
	dev := exec.On(hosttest.Open(t).GPU())
	dev.Source = doubles
	const count = 256
	var p exec.Plan
	operand := func(name string, role exec.Role) int {
		fill := func() ([]uint32, error) { return exec.Bits(slices.Repeat([]float32{5}, count)), nil }
		return p.Add(exec.Operand{Name: name, Role: role, Count: count, DType: shaders.Float32, Fill: fill})
	}
	x, c, s := operand("x", exec.Input), operand("c", exec.Constant), operand("s", exec.Scratch)
	outputs := map[int]float32{} // factors of x, or below 0 of c
	double := func(from exec.Use, to int) {
		p.Dispatch(doubling, make([]byte, 16), 8, from, exec.Whole(to)) // the first 32 numbers
	}
	result := func(from exec.Use, factor float32) {
		v := operand(fmt.Sprint("v", len(outputs)), exec.Output)
		outputs[v] = factor
		double(from, v)
	}
	double(exec.Whole(x), s)
	result(exec.Whole(x), 2)
	result(exec.Use{Operand: x, Offset: 512, Size: 512}, 200) // numbers from the 128th on are a hundred times as large
	result(exec.Whole(s), 4)
	double(exec.Whole(c), s)
	result(exec.Whole(s), -4)
	result(exec.Whole(c), -2)
	for _, guarded := range []bool{exec.Guarded, exec.Pooled} {
		session := open(t, dev, p, guarded)
		for _, run := range []struct{ x, c float32 }{{1, 5}, {3, 5}, {3, 7}} {
			if run.c != 5 {
				if err := session.Write(c, exec.Bits(slices.Repeat([]float32{run.c}, count))); err != nil {
					t.Fatal(err)
				}
			}
			words := exec.Bits(slices.Concat(slices.Repeat([]float32{run.x}, count/2),
				slices.Repeat([]float32{100 * run.x}, count/2)))
			if err := session.Process(t.Context(), map[int][]uint32{x: words}, guarded); err != nil {
				t.Fatal(err)
			}
			for v, factor := range outputs {
				want := factor * run.x
				if factor < 0 {
					want = -factor * run.c
				}
				got := make([]float32, count)
				if err := session.Read(t.Context(), v, got); err != nil {
					t.Fatal(err)
				}
				for i, z := range got[:32] {
					if z != want {
						t.Fatalf("guarded %v, x %v, c %v: number %d of %s is %v, must be %v", guarded, run.x, run.c, i,
							p.Operands[v].Name, z, want)
					}
				}
			}
		}
		wantTextures(t, dev.Device, session)
	}
}

// wantTextures holds that one texture is shared, and that a constant has its own.
func wantTextures(t *testing.T, dev *gpu.Device, s *exec.Session) {
	t.Helper()
	if n, bytes := dev.Live().Textures, s.Memory().Textures; n != 2 || bytes != 1024 {
		t.Errorf("%d textures, %d bytes are shared; want 2, and 1024", n, bytes)
	}
	s.Close()
	if n := dev.Live().Textures; n != 0 {
		t.Errorf("%d textures are left", n)
	}
}
