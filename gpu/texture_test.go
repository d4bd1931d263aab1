package gpu

import (
	"strings"
	"testing"
	"time"
)

// texels copies the texels of a texture into a buffer.
var texels = KernelSource{
	Name: "texels", Entry: "main", Bindings: []BindingKind{TextureIn, ReadWrite}, Workgroup: [3]uint32{64, 1, 1},
	WGSL: `@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> v: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	v[id.x] = textureLoad(x, vec2<i32>(i32(id.x % 1024u), i32(id.x / 1024u)));
}
`}

// bindTexels binds them to a texture of so many texels, which every adapter that the tests run on has.
func bindTexels(t *testing.T, d *Device, count uint64) (x *Texture, to *Buffer, g *BindGroup) {
	t.Helper()
	x = must[*Texture](t)(d.NewTexture("x", 16*count))
	to = newBuffer(t, d, "to", make([]uint32, 4*count)...)
	k := must[*Kernel](t)(d.Kernel(texels))
	g = must[*BindGroup](t)(k.Bind(Binding{Texture: x}, Binding{Buffer: to}))
	t.Cleanup(func() { g.Close(); x.Close() })
	return x, to, g
}

func TestTextureHoldsWhatIsCopied(t *testing.T) {
	d := openDevice(t)
	const before = 8                                 // numbers in front of what is copied
	for _, count := range []uint32{64, 1024, 2624} { // a part of a row, one row, two and a part
		data := make([]uint32, before+4*count)
		for i := range data {
			data[i] = 0x3f000000 + uint32(i) // numbers of float32 that are all others
		}
		from := newBuffer(t, d, "from", data...)
		x, to, g := bindTexels(t, d, uint64(count))
		for _, batch := range []*Batch{d.NewBatch(), d.NewTimedBatch(), d.NewTotalBatch()} {
			if batch.timed && !d.Info().HasFeature(FeatureTimestamps) {
				continue
			}
			batch.CopyToTexture(x, from, 4*before, 16*uint64(count))
			batch.Dispatch(g, count/64, 1, 1)
			batch.Dispatch(g, 1, 1, 1)
			batch.CopyToTexture(x, from, 0, 16) // for no dispatch
			if err := to.Write(0, make([]byte, 16*count)); err != nil {
				t.Fatal(err)
			}
			s := must[*Submission](t)(batch.Submit())
			wantTimes(t, batch, s)
			wantData(t, to, data[before:]...)
		}
	}
}

// wantTimes reads the times of a batch of two dispatches.
func wantTimes(t *testing.T, batch *Batch, s *Submission) {
	t.Helper()
	want := 2
	switch {
	case !batch.timed:
		return
	case batch.total:
		want = 1
	}
	times, err := s.Times(t.Context())
	if err != nil || len(times) != want {
		t.Fatalf("%v, %v: want %d times", times, err, want)
	}
	for _, took := range times {
		if took <= 0 {
			t.Errorf("times of %v", times)
		}
	}
}

// TestCopiesAreMeasured has a copy take most of the time, which counts for the dispatch behind it.
func TestCopiesAreMeasured(t *testing.T) {
	d := openDevice(t)
	if !d.Info().HasFeature(FeatureTimestamps) {
		return // a batch of this device is never timed
	}
	const size = 64 << 20
	from := must[*Buffer](t)(d.NewBuffer("from", size, Storage))
	t.Cleanup(func() { from.Close() })
	x, _, g := bindTexels(t, d, size/16)
	batch := d.NewTimedBatch()
	batch.Dispatch(g, 1, 1, 1)
	batch.CopyToTexture(x, from, 0, size)
	batch.Dispatch(g, 1, 1, 1)
	batch.Dispatch(g, 1, 1, 1)
	var times []time.Duration
	for range 2 { // what is new is cleared at first
		times = must[[]time.Duration](t)(must[*Submission](t)(batch.Submit()).Times(t.Context()))
	}
	if times[1] < 3*times[0] || times[1] < 3*times[2] {
		t.Errorf("%v: the second dispatch stands behind a copy of %d bytes", times, size)
	}
}

func TestTextureMisuse(t *testing.T) {
	d, other := openDevice(t), openDevice(t)
	x, to, _ := bindTexels(t, d, 64)
	foreign, from, _ := bindTexels(t, other, 64)
	k := must[*Kernel](t)(d.Kernel(texels))
	plain := must[*Kernel](t)(d.Kernel(source("plain", "b0[0] = 1u;", 1)))
	bind := func(k *Kernel, bindings ...Binding) error {
		_, err := k.Bind(bindings...)
		return err
	}
	run := func(dst *Texture, src *Buffer, offset, size uint64) error {
		b := d.NewBatch()
		b.CopyToTexture(dst, src, offset, size)
		return b.Run(t.Context())
	}
	closed := must[*Texture](t)(d.NewTexture("closed", 16))
	closed.Close()
	for name, c := range map[string]struct{ err, want error }{
		"no texture of 0 bytes":     {second(d.NewTexture("none", 0)), ErrMisuse},
		"no part of a texel":        {second(d.NewTexture("part", 24)), ErrMisuse},
		"too large":                 {second(d.NewTexture("large", maxTexture+16)), ErrLimit},
		"a buffer for a texture":    {bind(k, Binding{Buffer: to}, Binding{Buffer: to}), ErrMisuse},
		"a texture for a buffer":    {bind(plain, Binding{Texture: x}), ErrMisuse},
		"both":                      {bind(k, Binding{Texture: x, Buffer: to}, Binding{Buffer: to}), ErrMisuse},
		"another device's":          {bind(k, Binding{Texture: foreign}, Binding{Buffer: to}), ErrMisuse},
		"a closed one":              {bind(k, Binding{Texture: closed}, Binding{Buffer: to}), ErrClosed},
		"copied to a closed one":    {run(closed, to, 0, 16), ErrClosed},
		"copied to another's":       {run(foreign, to, 0, 16), ErrMisuse},
		"copied to nothing":         {run(nil, to, 0, 16), ErrMisuse},
		"copied from another's":     {run(x, from, 0, 16), ErrMisuse},
		"copied a part of a texel":  {run(x, to, 0, 8), ErrMisuse},
		"copied at a part of one":   {run(x, to, 4, 16), ErrMisuse},
		"copied more than there is": {run(x, to, 512, 1024), ErrMisuse},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, c.err, c.want) })
	}
	if err := (*Texture)(nil).Close(); err != nil {
		t.Error(err)
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

func TestTextureLeakIsNamed(t *testing.T) {
	o, err := Options{}.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	d := must[*Device](t)(Open(o))
	must[*Texture](t)(d.NewTexture("forgotten", 16))
	if live := d.Live(); live.Textures != 1 || live.Bytes != 16 || d.Stats().Textures != 1 {
		t.Errorf("%+v, %+v: want one texture of 16 bytes", live, d.Stats())
	}
	err = d.Close()
	wantError(t, err, ErrLeak)
	if !strings.Contains(err.Error(), `texture "forgotten" of 16 bytes`) {
		t.Errorf("%v does not name the texture", err)
	}
}
