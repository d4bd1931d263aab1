package bench

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// peerFile is what tools that time other programs write: perhaps without samples, and each time is the
// wall clock's around a run whose input starts and whose output ends on the host.
type peerFile struct {
	Peer    string `json:"peer"`
	Results []struct {
		Problem string    `json:"problem"`
		Name    string    `json:"name"`
		First   float64   `json:"first_ms"`
		Median  float64   `json:"median_ms"`
		Min     float64   `json:"min_ms"`
		Samples []float64 `json:"samples_ms"`
	} `json:"results"`
}

// ClockPeer marks the times of a peer's file.
const ClockPeer = "peer"

// readPeer takes such a file's medians for times where it has no samples.
func readPeer(data []byte) (File, error) {
	var from peerFile
	if err := json.Unmarshal(data, &from); err != nil {
		return File{}, err
	}
	f := File{Schema: Schema, Adapter: Adapter{Name: from.Peer}}
	for i, r := range from.Results {
		p, err := conv.Parse(r.Problem)
		if err == nil {
			err = positive(number{"median_ms", r.Median})
		}
		if err == nil {
			err = notNegative(number{"first_ms", r.First}, number{"min_ms", r.Min})
		}
		times := &Times{Median: r.Median, P10: r.Median, P90: r.Median}
		for _, sample := range r.Samples {
			err = errors.Join(err, positive(number{"samples_ms", sample}))
		}
		if len(r.Samples) > 0 {
			times = newTimes(r.Samples)
		}
		if err != nil {
			return File{}, fmt.Errorf("results[%d] (%s): %w", i, r.Problem, err)
		}
		f.Results = append(
			f.Results,
			Result{Problem: r.Problem, Name: r.Name, Algorithm: from.Peer, FLOP: p.FLOPs(), Bytes: p.Bytes().Total(),
				Time: times, Clock: ClockPeer, FirstRun: r.First, GFLOPS: float64(p.FLOPs()) / times.Median / 1e6},
		)
	}
	return f, nil
}
