package bench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

func encode(t testing.TB, f bench.File) string {
	t.Helper()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadBack(t *testing.T) {
	r := result("ic1ih4oc1kh1", "x", 1, 2, 3)
	r.Cold, r.Transfers = times(4), &bench.Transfers{Upload: times(5), Download: times(6), Whole: times(7)}
	want := file(r, bench.Result{Problem: "ic1ih5oc1kh1", Error: "it broke"})
	want.Ceilings = &bench.Ceilings{GFLOPS: 100, GBs: 10}
	name := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(name, []byte(encode(t, want)), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := bench.ReadFile(name); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := bench.ReadFile(name + "x"); !errors.Is(err, bench.ErrInput) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	failed, ok := json.Marshal(want.Results[1])
	if ok != nil || strings.Contains(string(failed), `ms"`) || strings.Contains(string(failed), "gflops") {
		t.Errorf("a failed result has numbers: %s", failed)
	}
}

// TestReadRefuses holds that what makes no sense is named with its file, and what is new is not refused.
func TestReadRefuses(t *testing.T) {
	r := result("ic1ih4oc1kh1", "x", 1, 2, 3)
	r.Cold = times(9)
	good := encode(t, file(r))
	for _, c := range []struct{ was, is, words string }{
		{`"schema":1`, `"schema":2`, "schema 2, this program reads 1"},
		{`"schema":1`, `"scheme":1`, `neither a "schema" nor a "peer"`},
		{`[1,2,3]`, `[1,-2,3]`, "results[0] (ic1ih4oc1kh1): time_ms.samples[1] is -2"},
		{`[1,2,3]`, `[]`, "time_ms has no samples"},
		{`[1,2,3]`, `[1,2,3],"rounds":[2]`, "time_ms.rounds hold 2 samples, there are 3"},
		{`[1,2,3]`, `[1,2,3],"rounds":[3,0]`, "time_ms.rounds[1] is 0"},
		{`[1,2,3]`, `[1,2,3],"rounds":[-1,4]`, "time_ms.rounds[0] is -1"},
		{`[1,2,3]`, `[1,2,3],"rounds":[4]`, "time_ms.rounds[0] is 4"},
		{`[1,2,3]`, `[1,NaN,3]`, "N"},
		{`[1,2,3]`, `[1,1e999,3]`, "1e999"},
		{`"median":2`, `"median":0`, "time_ms.median is 0"},
		{`"cold_ms"`, `"dispatches":[{"kernel":"k"}],"cold_ms"`, "no dispatches[0].time_ms"},
		{`"cold_ms"`, `"dispatches":[{"kernel":"k","time_ms":{"samples":[0]}}],"cold_ms"`,
			"dispatches[0].time_ms.samples[0] is 0"},
		{`[9]`, `[0]`, "cold_ms.samples[0] is 0"},
		{`"time_ms"`, `"time_s"`, `neither "time_ms" nor "error"`},
		{`"clock":"wall"`, `"clock":"sun"`, `clock "sun"`},
		{`ic1ih4oc1kh1`, `ic1ih4oc1kh9`, "does not fit"},
		{`"gflops"`, `"first_run_ms":-1,"gflops"`, "first_run_ms is -1"},
		{`"results"`, `"ceilings":{"gflops":0},"results"`, "ceilings.gflops is 0"},
		{`{`, ``, "no JSON"},
	} {
		text := strings.Replace(good, c.was, c.is, 1)
		if _, err := bench.Read(strings.NewReader(text), "r.json"); !errors.Is(err, bench.ErrInput) ||
			!strings.Contains(err.Error(), "r.json: ") || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s instead of %s: %v, want %q", c.is, c.was, err, c.words)
		}
	}
	for change, words := range map[[2]string]string{
		{`"median_ms": 12`, `"x": 1`}:         "median_ms is 0",
		{`"first_ms": 3.5`, `"first_ms": -1`}: "first_ms is -1",
		{"ic1ih4", "ic1ih0"}:                  "descriptor",
	} {
		text := strings.Replace(peerJSON, change[0], change[1], 1)
		if _, err := bench.Read(strings.NewReader(text), "p.json"); !errors.Is(err, bench.ErrInput) ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", change[1], err, words)
		}
	}
	if _, err := bench.Read(strings.NewReader(strings.Replace(good, `"schema"`, `"weather":{"sun":true},"schema"`, 1)),
		"r.json"); err != nil {
		t.Errorf("a new field is refused: %v", err)
	}
}

// FuzzRead holds that no input brings the reader down, and that what it takes can be written, read and
// compared.
func FuzzRead(f *testing.F) {
	f.Add([]byte(encode(f, file(result("ic1ih4oc1kh1", "x", 1, 2, 3)))))
	f.Add([]byte(peerJSON))
	f.Add([]byte("problem,clock,median_ms,error\nic1ih4oc1kh1,wall,1.5,\nic1ih5oc1kh1,,,no\n"))
	f.Add([]byte(`{"schema":1,"results":[{"problem":"ic1ih4oc1kh1","error":"no"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		read, err := bench.Read(bytes.NewReader(data), "fuzz")
		if err != nil {
			if !errors.Is(err, bench.ErrInput) {
				t.Error(err)
			}
			return
		}
		if _, err := json.Marshal(read); err != nil {
			t.Error(err)
		}
		c := compare(read, read)
		if len(c.OnlyA)+len(c.OnlyB) != 0 {
			t.Errorf("a file differs from itself: %+v", c)
		}
	})
}
