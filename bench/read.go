package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
)

// maxFile is more than any file of results takes.
const maxFile = 256 << 20

// ReadFile reads a file of results, ours or those of a peer's: see [Read].
func ReadFile(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return File{}, fmt.Errorf("%w: %w", ErrInput, err)
	}
	defer f.Close()
	return Read(f, name)
}

// Read reads results as DESIGN.md's schema has them, those that [WriteCSV] wrote, or those of another program
// as [readPeer] takes them: the content tells which. Fields that it does not know may stand in the file; what
// it knows must make sense. The error wraps [ErrInput] and names the source and the value. from names the
// source.
func Read(r io.Reader, from string) (File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	var f File
	if err == nil {
		f, err = parseFile(data)
	}
	if err != nil {
		return File{}, fmt.Errorf("%w: %s: %w", ErrInput, from, err)
	}
	return f, nil
}

func parseFile(data []byte) (File, error) {
	var kind struct {
		Schema *int    `json:"schema"`
		Peer   *string `json:"peer"`
	}
	if isCSV(data) {
		return readCSV(data)
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return File{}, fmt.Errorf("no JSON of results, and no CSV: %w", err)
	}
	switch {
	case kind.Peer != nil:
		return readPeer(data)
	case kind.Schema == nil:
		return File{}, fmt.Errorf(`neither a "schema" nor a "peer": no results of gpuconv bench or of a peer`)
	case *kind.Schema != Schema:
		return File{}, fmt.Errorf("schema %d, this program reads %d", *kind.Schema, Schema)
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return File{}, err
	}
	return f, f.validate()
}

// validate reports the first value that makes no sense.
func (f File) validate() error {
	for i, r := range f.Results {
		if err := r.validate(); err != nil {
			return fmt.Errorf("results[%d] (%s): %w", i, r.Problem, err)
		}
	}
	if c := f.Ceilings; c != nil {
		return positive(number{"ceilings.gflops", c.GFLOPS}, number{"ceilings.gb_per_s", c.GBs})
	}
	return nil
}

func (r Result) validate() error {
	if _, err := r.key(); err != nil {
		return err
	}
	if r.Error != "" {
		return nil
	}
	if r.Time == nil {
		return fmt.Errorf(`neither "time_ms" nor "error"`)
	}
	if r.Clock != "gpu" && r.Clock != "wall" {
		return fmt.Errorf(`clock %q, must be "gpu" or "wall"`, r.Clock)
	}
	all := []namedTimes{{"time_ms", r.Time}, {"gpu_ms", r.GPU}, {"wall_ms", r.Wall}, {"cold_ms", r.Cold}}
	if t := r.Transfers; t != nil {
		all = append(
			all,
			namedTimes{"transfers.upload_ms", t.Upload},
			namedTimes{"transfers.download_ms", t.Download},
			namedTimes{"transfers.whole_ms", t.Whole},
		)
	}
	for i, d := range r.Dispatches {
		name := fmt.Sprintf("dispatches[%d].time_ms", i)
		if d.Time == nil {
			return fmt.Errorf("no %s", name)
		}
		all = append(all, namedTimes{name, d.Time})
	}
	for _, t := range all {
		if err := t.validate(); err != nil {
			return err
		}
	}
	return notNegative(number{"first_run_ms", r.FirstRun}, number{"gflops", r.GFLOPS}, number{"gb_per_s", r.GBs})
}

type namedTimes struct {
	name string
	t    *Times
}

func (n namedTimes) validate() error {
	if n.t == nil {
		return nil
	}
	if len(n.t.Samples) == 0 {
		return fmt.Errorf("%s has no samples", n.name)
	}
	if err := n.validateRounds(); err != nil {
		return err
	}
	for i, s := range n.t.Samples {
		if err := positive(number{fmt.Sprintf("%s.samples[%d]", n.name, i), s}); err != nil {
			return err
		}
	}
	return positive(
		number{n.name + ".median", n.t.Median},
		number{n.name + ".p10", n.t.P10},
		number{n.name + ".p90", n.t.P90},
	)
}

// validateRounds holds that rounds, where there are some, share the samples out.
func (n namedTimes) validateRounds() error {
	sum := 0
	for i, count := range n.t.Rounds {
		if count < 1 || count > len(n.t.Samples) {
			return fmt.Errorf("%s.rounds[%d] is %d, must be from 1 to the number of samples, %d",
				n.name, i, count, len(n.t.Samples))
		}
		sum += count
	}
	if len(n.t.Rounds) > 0 && sum != len(n.t.Samples) {
		return fmt.Errorf("%s.rounds hold %d samples, there are %d", n.name, sum, len(n.t.Samples))
	}
	return nil
}

// number is a value with its place in the file.
type number struct {
	name  string
	value float64
}

func positive(all ...number) error {
	for _, n := range all {
		if !(n.value > 0) || math.IsInf(n.value, 0) {
			return fmt.Errorf("%s is %g, must be positive", n.name, n.value)
		}
	}
	return nil
}

func notNegative(all ...number) error {
	for _, n := range all {
		if !(n.value >= 0) || math.IsInf(n.value, 0) {
			return fmt.Errorf("%s is %g, must not be negative", n.name, n.value)
		}
	}
	return nil
}
