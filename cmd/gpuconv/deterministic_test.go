package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// hashLine is what `run` prints as its hash.
func hashLine(t *testing.T, out string) string {
	t.Helper()
	for _, line := range strings.Split(out, "\n") {
		if rest, ok := strings.CutPrefix(line, "hash "); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no hash in:\n%s", out)
	return ""
}

// sha is the hash of float32 numbers, written down once more.
func sha(data []float32) string {
	var b []byte
	for _, v := range data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v+0)) // -0 + 0 is 0
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestHash holds the hash against the file that the same run writes.
func TestHash(t *testing.T) {
	hosttest.Open(t)
	file := filepath.Join(t.TempDir(), "V.npy")
	args := []string{"run", "ic3ih40oc4kh3", "--output", file}
	line := hashLine(t, succeed(t, args...))
	want := sha(floats(t, file, "(38, 38, 4)")) // more numbers than the hash's buffer holds
	if line != want[:16] {
		t.Errorf("hash %s, must be the beginning of %s", line, want)
	}
	var r runReport
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil || r.Hash != want ||
		r.Deterministic {
		t.Errorf("JSON %+v, %v, must have the hash %s", r, err, want)
	}
	if other := hashLine(t, succeed(t, "run", "ic3ih40oc4kh3", "--seed", "2")); other == line {
		t.Errorf("other data has the same hash %s", other)
	}
}

func TestHashOfZeros(t *testing.T) {
	negative := float32(math.Copysign(0, -1))
	one := func(data ...float32) result { return result{what: "V", data: data} }
	if a, b := hash([]result{one(0, 1)}), hash([]result{one(negative, 1)}); a != b ||
		a != sha([]float32{0, 1}) {
		t.Errorf("%s with 0, %s with -0, must be alike", a, b)
	}
	if a, b := hash([]result{one(1), one(2)}), hash([]result{one(1, 2)}); a != b {
		t.Errorf("%s of two volumes, %s of one after the other, must be alike", a, b)
	}
}

// TestHashIsEveryones holds that integers give the same bits on the GPU and on the CPU reference, with
// every size of a workgroup.
func TestHashIsEveryones(t *testing.T) {
	hosttest.Open(t)
	for _, layer := range []string{"ic35ih7oc4kh3ph1+reflect", "mb2g2ic6id4ih5oc4kd2kh3sd2",
		"ic5ih4oc3kh3sh2ph1+transposed", "ic3ih6oc2kh3+unshared"} {
		for _, way := range [][]string{{"--activation", "leaky:0.5", "--residual", "after"},
			{"--backward", "--activation", "prelu", "--residual", "before"}} {
			args := append([]string{"run", layer, "--data", "integers"}, way...)
			want := hashLine(t, succeed(t, append(args, "--backend", "cpu")...))
			for _, more := range [][]string{{}, {"--threads", "32"}, {"--threads", "256"}, {"--separate"}} {
				if got := hashLine(t, succeed(t, append(args, more...)...)); got != want {
					t.Errorf("%v %v: hash %s, the reference has %s", args, more, got, want)
				}
			}
		}
	}
}

// TestDeterministic holds that two runs give the same bits, and that bits that differ are noticed.
func TestDeterministic(t *testing.T) {
	hosttest.Open(t)
	for _, args := range [][]string{{"ic67ih9oc4kh3"}, {"ic67ih9oc4kh3", "--backward", "--activation", "gelu"},
		{"ic67ih9oc4kh3", "--verify", "off"}} {
		args = append([]string{"run", "--deterministic"}, args...)
		contain(t, succeed(t, args...), "gave the same bits")
		contain(t, succeed(t, append(args, "--json")...), `"deterministic": true`)
		for at := range map[bool]int{false: 1, true: 3}[strings.Contains(strings.Join(args, " "), "--backward")] {
			code, stdout, stderr := hooked(func(a *app) {
				a.spoil = func(second []result) {
					data := second[at].data
					data[1] = math.Float32frombits(math.Float32bits(data[1]) ^ 1)
				}
			}, args...)
			if code != exitFailed || stdout != "" {
				t.Errorf("%v, volume %d: exit %d, want %d and nothing on stdout: %s", args, at, code, exitFailed,
					stdout)
			}
			contain(t, stderr, "not deterministic: 1 of", "the first is number 1:",
				"again: "+drivers()+"gpuconv run 'ic67ih9oc4kh3'", "--deterministic")
		}
	}
}
