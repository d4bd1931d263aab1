package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// quick trains with a few pictures, and writes to a folder of the test's.
func quick(t *testing.T) options {
	folder := t.TempDir()
	return options{epochs: 1, batch: 64, seed: 1, pictures: 6400, deterministic: true,
		model: filepath.Join(folder, "digits.onnx"), plot: filepath.Join(folder, "training.png")}
}

// TestQuick trains with a tenth of the pictures once, which is enough for nine of ten digits, twice to the same bits,
// and holds the first steps against the training in float64.
func TestQuick(t *testing.T) {
	var first string
	for range 2 {
		o := quick(t)
		if first == "" {
			o.check = 3
		}
		var out bytes.Buffer
		if err := run(context.Background(), &out, o); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		t.Log(&out)
		found := regexp.MustCompile(`([\d.]+)% of 10000 test pictures right`).FindStringSubmatch(out.String())
		if found == nil {
			t.Fatalf("no score in\n%s", &out)
		}
		if right, err := strconv.ParseFloat(found[1], 64); err != nil || right < 90 {
			t.Errorf("%s%% right, error %v, must be 90%% or more", found[1], err)
		}
		_, hash, ok := strings.Cut(out.String(), "sha256")
		if first == "" {
			first = hash
			if !strings.Contains(out.String(), "checked   3 steps") {
				t.Error("no verdict on the first steps")
			}
		}
		if !ok || hash != first {
			t.Errorf("the weights are %q, must be %q as in the first run", hash, first)
		}
		for _, file := range []string{o.model, o.plot} {
			if info, err := os.Stat(file); err != nil || info.Size() == 0 || info.Size() > 100_000 {
				t.Errorf("%s: %v, error %v, must have less than 100 kB", file, info, err)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for says, change := range map[string]func(o *options){
		"MNIST in nowhere":               func(o *options) { o.data = "nowhere" },
		"60 pictures in batches of 64":   func(o *options) { o.pictures = 60 },
		"70000 pictures in batches of 6": func(o *options) { o.pictures = 70000 },
		"in batches of 0":                func(o *options) { o.batch = 0 },
		"-check 101":                     func(o *options) { o.check = 101 },
		"-check -1":                      func(o *options) { o.check = -1 },
		"Rate:-1":                        func(o *options) { o.rate = -1 },
		"-epochs 0":                      func(o *options) { o.epochs = 0 },
		"no such file or directory":      func(o *options) { o.pictures, o.plot = 64, "nowhere/training.png" },
	} {
		o := quick(t)
		change(&o)
		if err := run(context.Background(), &bytes.Buffer{}, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, must say %q", err, says)
		}
	}
}
