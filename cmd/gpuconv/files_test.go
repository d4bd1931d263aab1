package main

import (
	"encoding/binary"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// npy writes an array as numpy would, and shares no code with package tensor.
func npy(t *testing.T, path, dtype string, fortran bool, shape []int, data []float64) {
	t.Helper()
	order := map[bool]string{true: "True", false: "False"}[fortran]
	sizes := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ") + ","
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", dtype, order, sizes)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	file = append(file, header...)
	for _, v := range data {
		if dtype == "<f8" {
			file = binary.LittleEndian.AppendUint64(file, math.Float64bits(v))
		} else {
			file = binary.LittleEndian.AppendUint32(file, math.Float32bits(float32(v)))
		}
	}
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
}

// floats reads the float32 data of a .npy behind its header.
func floats(t *testing.T, path string, shape string) []float32 {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	length := int(file[8]) | int(file[9])<<8
	if header := string(file[10 : 10+length]); !strings.Contains(header, "'<f4'") || !strings.Contains(header, shape) {
		t.Fatalf("header %q, want <f4 of shape %s", header, shape)
	}
	body := file[10+length:]
	data := make([]float32, len(body)/4)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return data
}

// wave is test data that nobody mistakes for another's.
func wave(n int, step float64) []float64 {
	data := make([]float64, n)
	for i := range data {
		data[i] = math.Sin(step * float64(i+1))
	}
	return data
}

// TestFiles runs a layer given as .npy files, X in float64 and Fortran order, and holds V against sums
// written down here in numpy's indices: V[i,j,k] = sum(X[i*S-P+a, j*S-P+b, :] * W[k,a,b,:]) + b[k].
func TestFiles(t *testing.T) {
	hosttest.Open(t)
	const h, w, d, k, f, s, p = 7, 9, 3, 4, 3, 2, 1
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	x, filters, bias := wave(h*w*d, 0.37), wave(k*f*f*d, 0.73), wave(k, 1.9)
	fortran := make([]float64, len(x))
	for i := range x {
		y, xx, c := i/d/w, i/d%w, i%d
		fortran[y+h*(xx+w*c)] = x[i]
	}
	npy(t, at("X.npy"), "<f8", true, []int{h, w, d}, fortran)
	npy(t, at("W.npy"), "<f4", false, []int{k, f, f, d}, filters)
	npy(t, at("B.npy"), "<f4", false, []int{k}, bias)
	out := succeed(t, "run", "--input", at("X.npy"), "--filters", at("W.npy"), "--bias", at("B.npy"),
		"--stride", "2", "--pad", "1", "--output", at("V.npy"), "--maps", at("V.png"), "--relu")
	contain(t, out, "5x4x4", "V.npy", "V.png", "bound: all 80 outputs")

	v := floats(t, at("V.npy"), "(4, 5, 4)")
	for i := range v {
		oy, ox, kk := i/k/5, i/k%5, i%k
		want := bias[kk]
		for a := range f {
			for b := range f {
				yy, xx := oy*s-p+a, ox*s-p+b
				if yy < 0 || yy >= h || xx < 0 || xx >= w {
					continue
				}
				for c := range d {
					want += x[(yy*w+xx)*d+c] * filters[((kk*f+a)*f+b)*d+c]
				}
			}
		}
		if want = max(want, 0); math.Abs(float64(v[i])-want) > 1e-5 {
			t.Errorf("V[%d,%d,%d] = %v, want %v", oy, ox, kk, v[i], want)
		}
	}
}

// TestFilesRefused holds that files that do not fit are named with what would fit.
func TestFilesRefused(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	npy(t, at("X.npy"), "<f4", false, []int{4, 4, 3}, wave(48, 1))
	npy(t, at("W.npy"), "<f4", false, []int{2, 3, 3, 2}, wave(36, 1))
	npy(t, at("B.npy"), "<f4", false, []int{3}, wave(3, 1))
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"--input", at("X.npy"), "--filters", at("W.npy")}, "must be 2x3x3x3"},
		{[]string{"ic2ih5oc2kh3", "--input", at("X.npy")}, "must be 1x5x5x2"},
		{[]string{"ic2ih5oc2kh3", "--bias", at("B.npy")}, "3 biases"},
		{[]string{"--input", at("X.npy"), "--filters", at("W.npy"), "--layout", "HCWN"}, "HCWN"},
		{[]string{"ic2ih5oc2kh3", "--data", "integers", "--bias", at("B.npy")}, "--data"},
	} {
		code, _, stderr := gpuconv(append([]string{"run"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv run %v: exit %d, want %d and %q\n%s", c.args, code, exitUsage, c.words, stderr)
		}
	}
}

// TestAlexNet runs AlexNet's first layer over a photo: one from ../shared/data where that is at hand,
// else the maps of another layer.
func TestAlexNet(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	photo := "../../../shared/data/images/pelican.jpeg"
	if _, err := os.Stat(photo); err != nil {
		photo = filepath.Join(dir, "photo.png")
		succeed(t, "run", "ic3ih40oc3kh3", "--maps", photo)
	}
	maps := filepath.Join(dir, "maps.png")
	contain(t, succeed(t, "run", "--alexnet", photo, "--maps", maps, "--verify", "sample"), "alexnet_conv1",
		"55x55x96", "290400 outputs")
	file, err := os.Open(maps)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() < 12*55 || b.Dy() < 8*55 {
		t.Errorf("the maps are %v, too small for 96 of 55x55", b)
	}
}

// TestMapsBound holds that what the rounding bound covers is drawn as zero, of image 0 alone, behind any
// epilogue.
func TestMapsBound(t *testing.T) {
	for descriptor, want := range map[string]int{"mb2ic2ih5oc3kh3": 27, "ic2id4ih5oc3kd2kh3": 27,
		"ic2ih5oc3kh3+unshared": 27} {
		for _, more := range [][]string{nil, {"--activation", "sigmoid", "--residual", "after"},
			{"--dtype", "float16"}} {
			var f runFlags
			a := newApp(nil, nil)
			command, rest, err := a.rootCommand(&f).Find(append([]string{"run"}, more...))
			if err == nil {
				err = command.ParseFlags(rest)
			}
			if err != nil {
				t.Fatal(err)
			}
			j, err := f.job([]string{descriptor})
			if err != nil {
				t.Fatal(err)
			}
			bound := j.mapOptions().Bound
			if len(bound) != want {
				t.Fatalf("%s %v: %d bounds, must be %d", descriptor, more, len(bound), want)
			}
			for i, b := range bound {
				if !(b > 0 && b < 0.01) {
					t.Errorf("%s %v: the bound of output %d is %g", descriptor, more, i, b)
				}
			}
		}
	}
}
