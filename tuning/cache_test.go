package tuning_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tuning"
)

// choice is one for the n-th of a series of layers.
func choice(n int) tuning.Choice {
	return tuning.Choice{
		Key: tuning.Key{Adapter: "A <GPU>", Driver: "1.2", Backend: "vulkan", Shaders: shaders.Hash(),
			Problem: fmt.Sprintf("ic%dih9oc4kh3", n), DType: shaders.Float32},
		Algorithm: "shared/64x64x16_v4", Millis: 1.5, Clock: gpu.ClockGPU,
		RunnerUp: "direct/t64", RunnerUpMillis: 2, Date: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
}

func open(t *testing.T, path string) *tuning.Cache {
	t.Helper()
	tunings, err := tuning.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return tunings
}

func keep(t *testing.T, tunings *tuning.Cache, choices ...tuning.Choice) {
	t.Helper()
	if err := tunings.Keep(choices...); err != nil {
		t.Fatal(err)
	}
}

func TestTuningsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "tuning.json")
	first := open(t, path)
	if first.Path() != path || len(first.Choices()) != 0 {
		t.Errorf("%s begins with %v", first.Path(), first.Choices())
	}
	keep(t, first, choice(2), choice(1))
	later := choice(2)
	later.Algorithm, later.Date = "direct/t64", later.Date.Add(time.Hour)
	keep(t, first, later)
	keep(t, first, choice(2)) // older
	if got := open(t, path).Choices(); !reflect.DeepEqual(got, []tuning.Choice{choice(1), later}) {
		t.Errorf("kept %+v", got)
	}
	again := later
	again.Algorithm = "registers/8x4_v1_t64" // of the same second
	keep(t, first, again)
	if got := open(t, path).Choices(); !reflect.DeepEqual(got, []tuning.Choice{choice(1), again}) {
		t.Errorf("kept %+v", got)
	}
	data, err := os.ReadFile(path)
	if err != nil ||
		!strings.Contains(string(data), "\n      \"algorithm\": \"registers/8x4_v1_t64\",\n      \"ms\": 1.5,\n") {
		t.Errorf("the file is %s, %v", data, err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 2 {
		t.Errorf("left behind: %v", left)
	}
}

// TestTuningsDefaultFile holds where the file is where nobody says so.
func TestTuningsDefaultFile(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := open(t, "").Path(), filepath.Join(folder, "gpuconv", "tuning.json"); got != want {
		t.Errorf("the file is %s, must be %s", got, want)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		os.Unsetenv(name)
	}
	nowhere, err := tuning.Open("")
	if err == nil || nowhere.Path() != "" {
		t.Errorf("without a folder the file is %q, %v", nowhere.Path(), err)
	}
	if keep(t, nowhere, choice(1)); len(nowhere.Choices()) != 1 {
		t.Error("without a folder memory keeps nothing")
	}
}

// TestTuningsKeepStrangers holds that what other versions and adapters have written stays.
func TestTuningsKeepStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuning.json")
	other := choice(7)
	other.Adapter, other.Shaders = "Another", "0123456789abcdef"
	var entry map[string]any
	remarshal(t, other, &entry)
	entry["waves"] = map[string]any{"x": []any{1.0, "two"}}
	data, err := json.Marshal(map[string]any{"schema": 1, "choices": []any{entry}, "comment": "mine"})
	if err != nil || os.WriteFile(path, data, 0o644) != nil {
		t.Fatal(err)
	}
	keep(t, open(t, path), choice(1))
	data, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Comment string
		Choices []map[string]any
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Comment != "mine" ||
		len(got.Choices) != 2 || !reflect.DeepEqual(got.Choices[1], entry) {
		t.Errorf("%v, the file is now %s", err, data)
	}
}

func remarshal(t *testing.T, from, to any) {
	t.Helper()
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// badFiles make no sense.
func badFiles(t *testing.T) map[string]string {
	t.Helper()
	var whole strings.Builder
	tunings := &tuning.Cache{}
	keep(t, tunings, choice(1), choice(2))
	if err := tunings.Export(&whole); err != nil {
		t.Fatal(err)
	}
	text := whole.String()
	return map[string]string{
		"":                                    "unexpected end",
		"null":                                "null, must be an object",
		"[1, 2]":                              "array",
		"\x00\x01":                            "invalid character",
		text[:len(text)/2]:                    "unexpected end",
		text + "x":                            "invalid character",
		`{"results": []}`:                     "schema missing, must be 1",
		`{"schema": 2}`:                       "schema 2, must be 1",
		change(text, `1.5`, `-1.5`):           "choice 2: ms -1.5",
		change(text, `1.5`, `"fast"`):         "choice 2: json",
		change(text, `vulkan`, ``):            `choice 2: backend ""`,
		change(text, `ic2ih9`, `ic2ih0009`):   `choice 2: problem "ic2ih0009oc4kh3", must be "ic2ih9oc4kh3"`,
		change(text, `ic2ih9`, `ic2ih1`):      `choice 2: problem "ic2ih1oc4kh3"`,
		change(text, `"float32"`, `"float8"`): `choice 2: numbers "float8"`,
		change(text, `"float32"`, `"float32", "gradient": "X"`):             `choice 2: gradient "X"`,
		change(text, `"float32"`, `"int8", "gradient": "W"`):                `choice 2: gradient "W" of int8`,
		change(text, `"float32"`, `"float32", "behind": "1x1"`):             `choice 2: behind "1x1"`,
		change(text, `"float32"`, `"float32", "behind": "mb1ic1ih1oc1kh1"`): `behind "mb1ic1ih1oc1kh1", must`,
		change(text, `"float32"`, `"int8", "behind": "ic4ih9oc8kh1"`):       `choice 2: behind "ic4ih9oc8kh1" of int8`,
		change(text, `shared/64x64x16_v4`, `sh;ared`):                       `choice 2: algorithm "sh;ared"`,
		change(text, shaders.Hash(), `XY`):                                  `choice 2: shaders "XY"`,
		change(text, `"gpu"`, `"sun"`):                                      `choice 2: clock "sun"`,
		change(text, `"direct/t64"`, `"direct"`):                            `choice 2: runner_up "direct"`,
		change(text, `"runner_up_ms": 2`, `"x": 2`):                         "choice 2: runner_up_ms 0",
		change(text, `2026-05-04T03:02:01Z`, `monday`):                      "choice 2",
		change(text, `"date"`, `"time"`):                                    "choice 2: date",
		change(text, `A \u003cGPU\u003e`, ``):                               `choice 2: adapter ""`,
		strings.Replace(text, `"choices": [`, `"choices": [ 5,`, 1):         "choice 1",
	}
}

// change replaces the last of old, which must be there.
func change(text, old, new string) string {
	at := strings.LastIndex(text, old)
	if at < 0 {
		panic(old)
	}
	return text[:at] + new + text[at+len(old):]
}

// TestBrokenFiles holds that a file that makes no sense is set aside as it is, that the error says why and
// where it is, and that all goes on with a new one.
func TestBrokenFiles(t *testing.T) {
	for text, why := range badFiles(t) {
		path := filepath.Join(t.TempDir(), "tuning.json")
		for _, aside := range []string{path + ".broken", path + ".broken2"} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			tunings, err := tuning.Open(path)
			if !errors.Is(err, tuning.ErrInvalid) || !strings.Contains(err.Error(), why) ||
				!strings.HasSuffix(err.Error(), "it is "+aside+" now") {
				t.Errorf("%q: error %v, must have %q and end with %s", text, err, why, aside)
			}
			if tunings.Err() != err || len(tunings.Choices()) != 0 {
				t.Errorf("%q: %v, %v", text, tunings.Choices(), tunings.Err())
			}
			if data, err := os.ReadFile(aside); err != nil || string(data) != text {
				t.Errorf("%q was set aside as %q, %v", text, data, err)
			}
			keep(t, tunings, choice(3))
			if got := open(t, path).Choices(); len(got) != 1 || tunings.Err() != nil {
				t.Errorf("%q: afterwards there are %v, %v", text, got, tunings.Err())
			}
		}
	}
}

// TestBrokenMeanwhile holds that a file that another program breaks is set aside too, with an error, and
// that what was in memory is written.
func TestBrokenMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuning.json")
	tunings := open(t, path)
	keep(t, tunings, choice(1))
	if err := os.WriteFile(path, []byte("scribble"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tunings.Keep(choice(2)); !errors.Is(err, tuning.ErrInvalid) {
		t.Errorf("error %v", err)
	}
	if got := open(t, path).Choices(); len(got) != 2 {
		t.Errorf("afterwards there are %v", got)
	}
}

// TestUnwritable holds that nothing is lost where a file cannot be read, written or set aside: neither
// what is there nor what is in memory.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file, full := filepath.Join(dir, "file"), filepath.Join(dir, "full")
	for i := range 1000 { // no name is left
		taken := full + strings.TrimSuffix(fmt.Sprintf(".broken%d", max(i, 1)), map[bool]string{true: "1"}[i < 2])
		if err := os.WriteFile(taken, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range map[string]string{full: "no tunings", file: "a file, no folder"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, why := range map[string]string{
		dir: "directory", filepath.Join(file, "tuning.json"): "not a directory",
		full: "could not be set aside: too many",
	} {
		tunings, err := tuning.Open(path)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: error %v, must have %q", path, err, why)
		}
		if err := tunings.Keep(choice(1)); err == nil || tunings.Err() != err || len(tunings.Choices()) != 1 {
			t.Errorf("%s: %v kept with error %v", path, tunings.Choices(), err)
		}
	}
	for path, text := range map[string]string{full: "no tunings", file: "a file, no folder"} {
		if data, err := os.ReadFile(path); err != nil || string(data) != text {
			t.Errorf("%s is now %q, %v", path, data, err)
		}
	}
}

func TestExportAndImport(t *testing.T) {
	var from, to tuning.Cache
	older, newer, same := choice(1), choice(2), choice(3)
	older.Date, newer.Date = older.Date.Add(-time.Hour), newer.Date.Add(time.Hour)
	keep(t, &from, older, newer, same, choice(4))
	keep(t, &to, choice(1), choice(2), choice(3), choice(5))
	var file strings.Builder
	if err := from.Export(&file); err != nil {
		t.Fatal(err)
	}
	if taken, err := to.Import(strings.NewReader(file.String())); taken != 2 || err != nil {
		t.Errorf("took %d, %v; must be the newer and the new one", taken, err)
	}
	if got := to.Choices(); !reflect.DeepEqual(got,
		[]tuning.Choice{choice(1), newer, choice(3), choice(4), choice(5)}) {
		t.Errorf("now there are %+v", got)
	}
}

// TestBadImport holds that the error says what is wrong, and nothing is changed.
func TestBadImport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuning.json")
	tunings := open(t, path)
	keep(t, tunings, choice(9))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := badFiles(t)
	files[change(string(before), "2026", "9026")] = "date 9026-05-04T03:02:01Z, must not be in the future"
	for text, why := range files {
		taken, err := tunings.Import(strings.NewReader(text))
		if taken != 0 || !errors.Is(err, tuning.ErrInvalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %d taken, %v; must have %q", text, taken, err, why)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) || len(tunings.Choices()) != 1 {
		t.Errorf("the file is now %s, %v", after, err)
	}
	bad := choice(1)
	bad.Millis = 0
	if err := tunings.Keep(choice(2), bad); !errors.Is(err, tuning.ErrInvalid) || len(tunings.Choices()) != 1 {
		t.Errorf("kept %v, %v", tunings.Choices(), err)
	}
}

// TestKeyOf holds what makes a layer another one.
func TestKeyOf(t *testing.T) {
	p, err := conv.Parse(`ic8ih9oc8kh3n"named"`)
	if err != nil {
		t.Fatal(err)
	}
	info := gpu.AdapterInfo{Name: "A", Driver: "1", Backend: "vulkan"}
	want := tuning.Key{Adapter: "A", Driver: "1", Backend: "vulkan",
		Shaders: shaders.Hash(), Problem: "ic8ih9oc8kh3", DType: shaders.Float32}
	if got := tuning.KeyOf(info, p, ""); got != want {
		t.Errorf("%+v, must be %+v", got, want)
	}
	want.DType = shaders.Float16
	if got := tuning.KeyOf(info, p, shaders.Float16); got != want {
		t.Errorf("%+v, must be %+v", got, want)
	}
}

// TestNoTunings holds that nil has none, and keeps none.
func TestNoTunings(t *testing.T) {
	var none *tuning.Cache
	if _, ok := none.Lookup(choice(1).Key); ok || none.Path() != "" || none.Err() != nil || none.Choices() != nil {
		t.Error("nil has tunings")
	}
	if _, err := none.Import(strings.NewReader("{}")); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("importing to nil: %v", err)
	}
	if err := none.Keep(choice(1)); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("keeping with nil: %v", err)
	}
	if err := none.Export(&strings.Builder{}); err != nil {
		t.Errorf("exporting nil: %v", err)
	}
}

const (
	writers = 4  // processes, each of which has two goroutines with a file of their own
	writes  = 10 // of each goroutine
)

// TestManyWriters has several processes write one file: nothing that one of them keeps may be lost, and a
// reader never sees a part of a file.
func TestManyWriters(t *testing.T) {
	if path := os.Getenv("GPUCONV_TEST_TUNINGS"); path != "" {
		writeTunings(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "tuning.json")
	var all sync.WaitGroup
	for n := range writers {
		c := exec.Command(os.Args[0], "-test.run=^TestManyWriters$")
		c.Env = append(os.Environ(), "GPUCONV_TEST_TUNINGS="+path, fmt.Sprintf("GPUCONV_TEST_WRITER=%d", n))
		all.Add(1)
		go func() {
			defer all.Done()
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("writer %d: %v\n%s", n, err, out)
			}
		}()
	}
	all.Wait()
	if n := len(open(t, path).Choices()); n != 2*writers*writes {
		t.Errorf("%d choices were kept of %d", n, 2*writers*writes)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 2 { // the file and its lock
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func writeTunings(t *testing.T, path string) {
	var n int
	if _, err := fmt.Sscan(os.Getenv("GPUCONV_TEST_WRITER"), &n); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for half := range 2 {
		both.Add(1)
		go func() {
			defer both.Done()
			tunings, err := tuning.Open(path)
			if err != nil {
				t.Error(err)
			}
			for i := range writes {
				if err := tunings.Keep(choice(1 + (2*n+half)*writes + i)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	both.Wait()
}

// FuzzTunings holds that reading never panics, and that what is read is written so that it reads the same.
func FuzzTunings(f *testing.F) {
	var whole strings.Builder
	tunings := &tuning.Cache{}
	if err := errors.Join(tunings.Keep(choice(1), choice(2)), tunings.Export(&whole)); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(whole.String()))
	f.Add([]byte(whole.String()[:whole.Len()/2]))
	f.Add([]byte(`{"schema":1,"SCHEMA":1,"x":{"y":[1,"<"]},"choices":[]}`))
	f.Add([]byte(strings.Replace(whole.String(), `"driver"`, `"more":1e400,"Driver"`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := tuning.Recode(data)
		if err != nil {
			if !errors.Is(err, tuning.ErrInvalid) {
				t.Errorf("error %v, must wrap %v", err, tuning.ErrInvalid)
			}
			return
		}
		twice, err := tuning.Recode(once)
		if err != nil || string(once) != string(twice) {
			t.Errorf("%s\nis read as\n%s\n%v", once, twice, err)
		}
	})
}
