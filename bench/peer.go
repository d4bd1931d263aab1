package bench

import (
	"encoding/json"
	"errors"
	"fmt"
)

// peerFile is what tools that time other programs write: perhaps without samples, and each time is the
// wall clock's around a run whose input starts and whose output ends on the host. What it could not run has error.
type peerFile struct {
	Peer    string `json:"peer"`
	Results []struct {
		Problem  string    `json:"problem"`
		Network  string    `json:"network"`
		Name     string    `json:"name"`
		Gradient string    `json:"gradient"`
		First    float64   `json:"first_ms"`
		Median   float64   `json:"median_ms"`
		Min      float64   `json:"min_ms"`
		Samples  []float64 `json:"samples_ms"`
		Error    string    `json:"error"`
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
		result := Result{
			Problem:   r.Problem,
			Network:   r.Network,
			Name:      r.Name,
			Gradient:  r.Gradient,
			Algorithm: from.Peer,
			Clock:     ClockPeer,
			FirstRun:  r.First,
			Error:     r.Error,
		}
		of, err := result.key()
		if err == nil && r.Error == "" {
			err = errors.Join(positive(number{"median_ms", r.Median}),
				notNegative(number{"first_ms", r.First}, number{"min_ms", r.Min}))
			result.Time = &Times{Median: r.Median, P10: r.Median, P90: r.Median}
		}
		for _, sample := range r.Samples {
			err = errors.Join(err, positive(number{"samples_ms", sample}))
		}
		if err != nil {
			return File{}, fmt.Errorf("results[%d] (%s): %w", i, result.Label(), err)
		}
		if len(r.Samples) > 0 {
			result.Time = newTimes(r.Samples)
		}
		if r.Network == "" {
			result.FLOP, result.Bytes = of.problem.FLOPs(), of.problem.Bytes().Total()
		}
		if result.Time != nil {
			result.GFLOPS = float64(result.FLOP) / result.Time.Median / 1e6
		}
		f.Results = append(f.Results, result)
	}
	return f, nil
}
