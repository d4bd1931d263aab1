package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/host"
)

// hash is the SHA-256 of all numbers' bits, little-endian, in memory order: float32, or int64 of whole numbers. -0 is
// counted as 0: WGSL lets an implementation ignore the sign of a zero.
//
// The same problem gives the same hash on every run, for every kernel adds up in a fixed order: each
// output is the work of one workgroup, whose threads take products in turn and join their sums along a
// tree, and no kernel uses atomics. Other workgroup sizes and other adapters may order or fuse
// differently; with integers (--data integers) no sum is rounded, and the hash is everyone's.
func hash(results []result) string {
	h := sha256.New()
	var buffer [4 << 10]byte
	for _, r := range results {
		for _, v := range r.ints {
			binary.LittleEndian.PutUint64(buffer[:], uint64(v))
			h.Write(buffer[:8])
		}
		for data := r.data; len(data) > 0; {
			n := min(len(data), len(buffer)/4)
			for i, v := range data[:n] {
				if v == 0 {
					v = 0
				}
				binary.LittleEndian.PutUint32(buffer[4*i:], math.Float32bits(v))
			}
			h.Write(buffer[:4*n])
			data = data[n:]
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// again runs the job on a fresh layer and reports bits that are not those of the first run.
func (a *app) again(dev *host.Device, j job, first []result) error {
	j.verify = "off" // the same bits have the same verdict
	var report runReport
	made, err := j.once(dev, &report)
	if err != nil {
		return err
	}
	second := made.results()
	if a.spoil != nil {
		a.spoil(second)
	}
	for i, r := range first {
		if err := sameBits(r, second[i]); err != nil {
			return fmt.Errorf("%s on %s: %w; again: %s", j.problem, dev, err, j.repro(dev, report))
		}
	}
	return nil
}

// sameBits reports the first number whose bits differ.
func sameBits(first, second result) error {
	different, at := 0, 0
	for i, v := range first.ints {
		if v != second.ints[i] {
			return failure{fmt.Errorf(
				"not deterministic: number %d of %s is %d in one run, and %d in another",
				i,
				first.what,
				v,
				second.ints[i],
			)}
		}
	}
	for i, v := range first.data {
		if math.Float32bits(v) != math.Float32bits(second.data[i]) {
			if different == 0 {
				at = i
			}
			different++
		}
	}
	if different == 0 {
		return nil
	}
	return failure{
		fmt.Errorf(
			"not deterministic: %d of %d numbers of %s differ between two runs, the first is number %d: %v (bits "+
				"%08x), then %v (%08x)",
			different,
			len(first.data),
			first.what,
			at,
			first.data[at],
			math.Float32bits(first.data[at]),
			second.data[at],
			math.Float32bits(second.data[at]),
		),
	}
}
