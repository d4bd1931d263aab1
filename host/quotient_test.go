package host_test

import (
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestQuotientsAreMended stands in for drivers whose quotients are three units off, as a GPU's may be by 2.5: what is
// made of them is right, and would not be if nothing mended them.
func TestQuotientsAreMended(t *testing.T) {
	const right = "let q = part / by;"
	wrong := strings.NewReplacer(right, `let near = part / by;
	let normal = exponent_of(near) > 0u && exponent_of(near) < 254u;
	let q = select(near, bitcast<f32>(bitcast<u32>(near) + 3u), normal);`)
	unmended := strings.NewReplacer("+ u32(units)", "+ 0u * u32(units)")
	dev := hosttest.Open(t)
	for _, v := range shaders.Variants() {
		if !strings.HasPrefix(v.Name(), "pointwise_div_ff") {
			continue
		}
		if err := runChanged(t, dev, v, wrong); err != nil {
			t.Errorf("%s: %v", v.Name(), err)
		}
		if runChanged(t, dev, v, wrong, unmended) == nil {
			t.Errorf("%s: quotients that are three units off are not noticed", v.Name())
		}
	}
}

// runChanged runs a kernel's killers with its text changed.
func runChanged(t *testing.T, dev *host.Device, of shaders.Variant, changes ...*strings.Replacer) error {
	t.Helper()
	host.SetSource(t, dev, func(v shaders.Variant) (shaders.Shader, error) {
		s, err := shaders.Source(v)
		for _, change := range changes {
			changed := change.Replace(s.WGSL)
			if v == of && changed == s.WGSL {
				t.Errorf("%s: nothing was changed", v.Name())
			}
			s.WGSL = changed
		}
		return s, err
	})
	for _, k := range killers[of] {
		if err := k.run(dev); err != nil {
			return err
		}
	}
	return nil
}
