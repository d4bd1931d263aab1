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
			t.Errorf("%s drifted from its golden file: look at the difference, then go test ./shaders -update", v.Name())
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
	if s, err := Source(Conv{Threads: 7}); err == nil {
		t.Errorf("a variant outside the table has a source:\n%s", s.WGSL)
	}
}

// TestParamsMatch holds the Go structs against the WGSL structs, field by field.
func TestParamsMatch(t *testing.T) {
	for file, params := range map[string]any{"conv.wgsl": ConvParams{}, "relu.wgsl": ReLUParams{}} {
		text, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		body := regexp.MustCompile(`(?s)struct Params \{(.*?)\n\}`).FindStringSubmatch(string(text))
		var wgsl []string
		for _, m := range regexp.MustCompile(`(?m)^\t(\w+): u32,`).FindAllStringSubmatch(body[1], -1) {
			wgsl = append(wgsl, strings.ReplaceAll(m[1], "_", ""))
		}
		var host []string
		for i := range reflect.TypeOf(params).NumField() {
			host = append(host, strings.ToLower(reflect.TypeOf(params).Field(i).Name))
		}
		if !reflect.DeepEqual(wgsl, host) {
			t.Errorf("%s has the fields %v, %T has %v", file, wgsl, params, host)
		}
	}
}

func TestEncode(t *testing.T) {
	p, err := conv.Parse("g2mb3ic4ih11iw12oc6kh5kw3sh2sw1ph1pw2dh1dw0")
	if err != nil {
		t.Fatal(err)
	}
	params, ok := NewConvParams(p)
	if !ok {
		t.Fatal("refused")
	}
	want := ConvParams{Outputs: 3 * 3 * 14 * 6, InW: 12, InH: 11, InChannels: 4, OutW: 14, OutH: 3, OutChannels: 6,
		FilterW: 3, FilterH: 5, StrideW: 1, StrideH: 2, PadW: 2, PadH: 1, DilationW: 1, DilationH: 2, GroupInputs: 2, GroupOutputs: 3}
	if params != want {
		t.Errorf("params %+v, want %+v", params, want)
	}
	data := Encode(params)
	if len(data) != 4*17 || data[4] != 12 || data[8] != 11 {
		t.Errorf("encoded as %v", data)
	}
}

// TestEncodeOrder gives each field another value and finds them in the order of the struct, which
// TestParamsMatch holds against the shader's.
func TestEncodeOrder(t *testing.T) {
	var p ConvParams
	fields := reflect.ValueOf(&p).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(uint64(i) + 0x01020300)
	}
	data := Encode(p)
	for i := range fields.NumField() {
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
		arrays := strings.Count(s.WGSL, "array<f32, THREADS>")
		if strings.Count(s.WGSL, "var<workgroup>") != arrays || s.WorkgroupStorage != 4*uint32(arrays)*s.Workgroup[0] {
			t.Errorf("%s: told of %d bytes of workgroup memory, the text has %d arrays", s.Name, s.WorkgroupStorage, arrays)
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

func TestInvalidHasNoParams(t *testing.T) {
	if p, ok := NewConvParams(conv.Problem{}); ok {
		t.Errorf("%+v", p)
	}
}

func TestTooLargeForParams(t *testing.T) {
	for _, s := range []string{"ic70000ih300oc1kh1", "ic1iw5oc1kw2pw2000000000dw1999999999"} {
		p, err := conv.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := NewConvParams(p); ok {
			t.Errorf("%s fits", s)
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
