package tensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// npyFile returns a version 1 file with the header and the data.
func npyFile(header string, data ...byte) []byte {
	out := append([]byte(npyMagic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(header)))
	return append(append(out, header...), data...)
}

func npyDict(descr, order, shape string) string {
	return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n"
}

func TestNPYRoundTrip(t *testing.T) {
	// 70000 elements are more than one chunk.
	for _, shape := range [][]int{{}, {1}, {0}, {3, 0, 2}, {2, 3, 4, 5}, {70000}, slices.Repeat([]int{1}, 32)} {
		a := upTo(shape...)
		FillReals(a.Data, rand.New(rand.NewPCG(1, 2)))
		if len(a.Data) > 1 {
			a.Data[0], a.Data[1] = float32(math.Inf(-1)), math.Float32frombits(0x7fc12345)
		}
		var file bytes.Buffer
		if err := WriteNPY(&file, a); err != nil {
			t.Fatal(err)
		}
		if start := file.Len() - 4*len(a.Data); start%64 != 0 {
			t.Errorf("%v: the data starts at byte %d", shape, start)
		}
		// HalfReader returns fewer bytes than asked for, as a network does.
		b, err := ReadNPY(iotest.HalfReader(&file))
		same := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }
		if err != nil || !slices.Equal(b.Shape, a.Shape) || !slices.EqualFunc(a.Data, b.Data, same) {
			t.Errorf("%v: not what was written: %v %v", shape, b.Shape, err)
		}
	}
}

func TestNPYHeaderSpellings(t *testing.T) {
	data := []byte{0, 0, 128, 63, 0, 0, 0, 64} // 1, 2
	for _, header := range []string{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
		`{"shape":(2,),"fortran_order":True,"descr":"<f4"}`,
		"\t{ 'fortran_order' : False ,\n 'descr' : \"=f4\" , 'shape' : ( 2 , ) } \n",
		"{'descr': '|f4', 'fortran_order': False, 'shape': (2L,)}",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 002,)}",
	} {
		a, err := ReadNPY(bytes.NewReader(npyFile(header, data...)))
		if err != nil || !slices.Equal(a.Data, []float32{1, 2}) {
			t.Errorf("%s: got %v, %v", header, a, err)
		}
	}
}

// Any byte but 0 is true, as in NumPy.
func TestNPYBooleans(t *testing.T) {
	a, err := ReadNPY(bytes.NewReader(npyFile(npyDict("|b1", "False", "(4,)"), 0, 1, 7, 255)))
	if err != nil || !slices.Equal(a.Data, []float32{0, 1, 1, 1}) {
		t.Errorf("got %v, %v", a, err)
	}
}

func TestReadNPYRefuses(t *testing.T) {
	const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
	v2 := func(length uint32) []byte {
		return binary.LittleEndian.AppendUint32([]byte(npyMagic+"\x02\x00"), length)
	}
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "ends after 0 bytes, within the magic string"},
		{"cut magic", []byte("\x93NU"), "ends after 3 bytes, within the magic string"},
		{"other file", []byte("PK\x03\x04 a zip file"), "it is no .npy file"},
		{"version 0", []byte(npyMagic + "\x00\x00\x00\x00"), "version 0.0 is not known"},
		{"version 1.1", []byte(npyMagic + "\x01\x01\x00\x00"), "version 1.1 is not known"},
		{"version 4", []byte(npyMagic + "\x04\x00\x00\x00"), "version 4.0 is not known"},
		{"cut length", []byte(npyMagic + "\x02\x00\x10\x00"), "within the length of its header"},
		{"long header", v2(math.MaxUint32), "claims 4294967295 bytes; at most 65536"},
		{"header one too long", v2(maxNPYHeader + 1), "claims 65537 bytes"},
		{"cut header", append(v2(maxNPYHeader), "{'descr'"...), "header ends after 8 of 65536 bytes"},
		{"no header", npyFile(""), "it ends; want '{'"},
		{"no dict", npyFile("hello"), `found "hello"; want '{'`},
		{"open dict", npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), "), "it ends; want a key"},
		{"after dict", npyFile(good + "1"), "want nothing after the dict"},
		{"NUL after dict", npyFile(good + "\x00"), "want nothing after the dict"},
		{"no comma", npyFile("{'descr': '<f4' 'fortran_order': False}"), "want ',' or '}' after a value"},
		{"no colon", npyFile("{'descr' '<f4'}"), "want ':' after a key"},
		{"bare key", npyFile("{descr: '<f4'}"), "want a key in quotes"},
		{"mixed quotes", npyFile(`{'descr": 1}`), "without its closing quote"},
		{"escape", npyFile(`{'de\'scr': '<f4'}`), "or with a backslash"},
		{"comma alone", npyFile("{,}"), "want a key in quotes"},
		{"twice", npyFile("{'descr': '<f4', 'descr': '<f4'}"), "'descr' is there twice"},
		{"missing", npyFile("{'descr': '<f4', 'fortran_order': False}"), "key 'shape' is missing"},
		{"unknown key", npyFile("{'color': '<f4'}"), `key "color" is not one of`},
		{"order 1", npyFile(npyDict("<f4", "1", "(2,)")), "want True or False"},
		{"order Trueish", npyFile(npyDict("<f4", "Trueish", "(2,)")), "want ',' or '}'"},
		{"shape number", npyFile(npyDict("<f4", "True", "2")), "want '(' to open the shape"},
		{"shape list", npyFile(npyDict("<f4", "True", "[2]")), "want '(' to open the shape"},
		{"shape no tuple", npyFile(npyDict("<f4", "True", "(2)")), "a shape of rank 1 is (2,)"},
		{"shape no comma", npyFile(npyDict("<f4", "True", "(2 3)")), "want ',' or ')' after a size"},
		{"shape two commas", npyFile(npyDict("<f4", "True", "(2,,3)")), "want a size"},
		{"negative", npyFile(npyDict("<f4", "True", "(-2,)")), "want a size"},
		{"fraction", npyFile(npyDict("<f4", "True", "(2.5,)")), "want ',' or ')'"},
		{"word", npyFile(npyDict("<f4", "True", "(True,)")), "want a size"},
		{"size overflow", npyFile(npyDict("<f4", "True", "(99999999999999999999,)")), "is too large"},
		{"product overflow", npyFile(npyDict("<f4", "True", "(4294967296, 4294967296)")),
			"more than 1099511627776 elements"},
		{"rank 33", npyFile(npyDict("<f4", "True", "("+strings.Repeat("1,", 33)+")")), "more than 32 axes"},
		{"nested", npyFile(npyDict("<f4", "True", strings.Repeat("(", 60000))), "want a size"},
		{"dtype c16", npyFile(npyDict("<c16", "False", "(2,)")), `dtype "<c16" is not supported`},
		{"dtype object", npyFile(npyDict("|O", "False", "(2,)")), `dtype "|O" is not supported`},
		{"dtype text", npyFile(npyDict("<U5", "False", "(2,)")), `dtype "<U5" is not supported`},
		{"dtype without order", npyFile(npyDict("f4", "False", "(2,)")), `dtype "f4" is not supported`},
		{"dtype empty", npyFile(npyDict("", "False", "(2,)")), `dtype "" is not supported`},
		{"dtype f16", npyFile(npyDict("<f16", "False", "(2,)")), `dtype "<f16" is not supported`},
		{"dtype i3", npyFile(npyDict("<i3", "False", "(2,)")), `dtype "<i3" is not supported`},
		{"dtype number", npyFile("{'descr': 4}"), "want a dtype in quotes"},
		{"no data", npyFile(npyDict("<f4", "False", "(2,)")), "data ends after 0 of 8 bytes (dtype <f4, shape [2])"},
		{"cut data", npyFile(npyDict(">i2", "False", "(2, 2)"), 1, 2, 3, 4, 5),
			"data ends after 5 of 8 bytes (dtype >i2, shape [2 2])"},
		{"1 TB", npyFile(npyDict("<f4", "False", "(262144, 1048576)"), make([]byte, 10)...),
			"data ends after 10 of 1099511627776 bytes"},
		{"1 TB fortran", npyFile(npyDict("<f4", "True", "(262144, 1048576)"), make([]byte, 10)...),
			"data ends after 10 of 1099511627776 bytes"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadNPY(bytes.NewReader(test.file))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
		} else if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrShape) {
			t.Errorf("%s: error %v matches neither ErrFormat nor ErrShape", test.name, err)
		} else if !strings.HasPrefix(err.Error(), "tensor: npy: ") {
			t.Errorf("%s: error %v does not start with the package", test.name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated for a file of %d", test.name, used, len(test.file))
		}
	}
}

// A source that fails is not the same as a file that is wrong.
func TestReadNPYErrorsKeepTheirCause(t *testing.T) {
	file := npyFile(npyDict("<f4", "False", "(2,)"), 1, 2, 3, 4)
	if _, err := ReadNPY(bytes.NewReader(file)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %v is no io.ErrUnexpectedEOF", err)
	}
	broken := errors.New("the cable is out")
	for n := range len(file) {
		_, err := ReadNPY(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || errors.Is(err, ErrFormat) {
			t.Errorf("source failing after %d bytes: error %v", n, err)
		}
	}
}

func TestReadNPYStopsAtTheEnd(t *testing.T) {
	var file bytes.Buffer
	for _, n := range []int{3, 0, 2} {
		if err := WriteNPY(&file, upTo(n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{3, 0, 2} {
		a, err := ReadNPY(&file)
		if err != nil || len(a.Data) != n {
			t.Errorf("got %v, %v, want %d numbers", a, err, n)
		}
	}
}

func TestNPYFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	for _, n := range []int{5, 3} { // the second replaces the first
		if err := WriteNPYFile(path, upTo(n)); err != nil {
			t.Fatal(err)
		}
		if a, err := ReadNPYFile(path); err != nil || !slices.Equal(a.Data, upTo(n).Data) {
			t.Errorf("got %v, %v", a, err)
		}
	}
	if err := WriteNPYFile(path, Array{Shape: []int{2}}); !errors.Is(err, ErrShape) {
		t.Errorf("bad array: error %v", err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"bytes follow": append(whole, 0),
		"ends after": whole[:len(whole)-1]} {
		other := filepath.Join(dir, "b.npy")
		if err := os.WriteFile(other, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadNPYFile(other)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), name) ||
			!strings.HasPrefix(err.Error(), "tensor: reading "+other+": npy: ") {
			t.Errorf("error %v, want %q in it", err, name)
		}
	}
	if _, err := ReadNPYFile(filepath.Join(dir, "none.npy")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
	if _, err := ReadNPYFile(dir); err == nil {
		t.Error("a folder was read")
	}
	if err := WriteNPYFile(dir, upTo(1)); err == nil {
		t.Error("a folder was written")
	}
	if err := WriteNPYFile(filepath.Join(dir, "no", "a.npy"), upTo(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: error %v", err)
	}
}

func TestWriteNPYErrors(t *testing.T) {
	for _, a := range []Array{
		{Shape: []int{3}, Data: make([]float32, 2)},
		{Shape: []int{-1}},
		{Shape: slices.Repeat([]int{1}, 33), Data: make([]float32, 1)},
		{Shape: []int{math.MaxInt, math.MaxInt}},
		{},
	} {
		var out bytes.Buffer
		if err := WriteNPY(&out, a); !errors.Is(err, ErrShape) || out.Len() > 0 {
			t.Errorf("%v: error %v after %d bytes", a.Shape, err, out.Len())
		}
	}
	read, write := io.Pipe()
	read.Close()
	if err := WriteNPY(write, upTo(3)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("closed pipe: error %v", err)
	}
}

// FuzzReadNPY asserts that nothing panics, that what is accepted is a valid
// array, and that it survives being written and read.
func FuzzReadNPY(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "npy", "*.npy"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(npyFile(npyDict("<f4", "True", "(262144, 1048576)"), make([]byte, 10)...))
	f.Add(npyFile(`{"shape":(2L,),"fortran_order":True,"descr":"|b1"}`, 0, 7))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := ReadNPY(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrShape) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := WriteNPY(&out, a); err != nil {
			t.Fatal(err)
		}
		b, err := ReadNPY(&out)
		same := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }
		if err != nil || !slices.Equal(a.Shape, b.Shape) || !slices.EqualFunc(a.Data, b.Data, same) {
			t.Fatalf("%v became %v, %v", a, b, err)
		}
	})
}
