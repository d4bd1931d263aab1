package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/files"
	"github.com/gpuconv/gpuconv/tuning"
	"github.com/spf13/cobra"
)

// tuneFlags are the flags of `gpuconv tune`.
type tuneFlags struct {
	tuningFlags
	modelFlags
	dtypeFlag
	suite, match           string
	budget                 time.Duration
	exportFile, importFile string
	list, again, backward  bool
}

func (a *app) tuneCommand() *cobra.Command {
	var f tuneFlags
	c := &cobra.Command{
		Use:   "tune",
		Short: "Measure which algorithm is the quickest for each layer, and keep it",
		Long: `Measures the algorithms that serve each layer of a suite (` + strings.Join(bench.Suites(), ", ") + `),
of a file of descriptors, or of networks (--model), on the device, and keeps the quickest that passes the
check against the reference. run, infer and bench use what is kept. Layers that have a
choice already are left as they are, so that tuning goes on where it was interrupted;
--again measures them anew. Choices are for one adapter, driver and backend and for
the shaders of this program.

  gpuconv tune --suite core
  gpuconv tune --model squeezenet.onnx
  gpuconv tune --list
  gpuconv tune --export FILE     for others with the same GPU
  gpuconv tune --import FILE`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, name := range []string{"suite", "model", "match", "export", "import", "cache"} {
				flag := c.Flags().Lookup(name)
				if empty := flag.Value.String(); flag.Changed && (empty == "" || empty == "[]") {
					return usagef("--%s is empty: give it a value, or leave it out", name)
				}
			}
			return a.tune(c.Context(), f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.suite, "suite", "", "a suite's name, or a file with a descriptor a line, or - for stdin")
	flags.StringVar(&f.match, "match", "", "only layers whose name or descriptor matches this regular expression")
	flags.DurationVar(&f.budget, "budget", 20*time.Second, "time for measuring a layer, without the check")
	flags.StringVar(&f.exportFile, "export", "", "write all choices to a file, after tuning")
	flags.StringVar(&f.importFile, "import", "", "add the choices of a file, before tuning")
	flags.BoolVar(&f.list, "list", false, "print the choices that are kept")
	flags.BoolVar(&f.again, "again", false, "measure layers that have a choice already, too")
	flags.BoolVar(&f.backward, "backward", false,
		"tune beside each layer its gradients: its adjoint, which is a layer too, and dW")
	f.addCommon(flags)
	f.dtypeFlag.add(flags)
	f.modelFlags.add(flags, "ONNX files of networks whose layers are tuned, several with commas between them")
	return c
}

// validate reads the layers of the suite and the networks, and refuses what makes no sense before a device is opened.
func (f *tuneFlags) validate(a *app) (of benched, err error) {
	layers := f.suite != "" || len(f.models) > 0
	switch {
	case !layers && f.importFile == "" && f.exportFile == "" && !f.list:
		return of, usagef(
			"nothing to do: name a --suite (%s, or a file) or a --model, or --list, --export or --import",
			strings.Join(bench.Suites(), ", "),
		)
	case !layers && (f.match != "" || f.again || f.backward):
		return of, usagef("--match, --again and --backward are about the layers of a --suite or a --model: name one")
	case f.exact && (!layers || f.cache == ""):
		return of, usagef(
			"--exact: choices do not tell that they are for exact layers, so keep them apart: name a --suite or a " +
				"--model, and a file of its own with --cache",
		)
	case f.budget <= 0:
		return of, usagef("--budget %v: must be positive, such as 20s", f.budget)
	}
	if f.exportFile != "" {
		if err := hasFolder("--export", f.exportFile); err != nil {
			return of, err
		}
	}
	if _, err := matcher(f.match); err != nil {
		return of, err
	}
	dtype, err := f.dtypeFlag.read(host.Float16, host.Int8)
	if err != nil {
		return of, err
	}
	if f.backward && dtype != "" {
		return of, usagef("--backward --dtype %s: gradients are %s", dtype, host.Float32)
	}
	if of.networks, err = f.modelFlags.read(a, 1); err != nil || f.suite == "" {
		return of, err
	}
	if of.layers, err = a.readSuite(f.suite); err == nil && len(of.networks) == 0 {
		_, err = matching(of.layers, f.match)
	}
	return of, err
}

// options are what layers are tuned with.
func (f *tuneFlags) options() host.LayerOptions {
	dtype, _ := f.dtypeFlag.read(host.Float16, host.Int8) // validate has said what is wrong with it
	return host.LayerOptions{Exact: f.exact, DType: dtype}
}

// all are the suite's layers and those of the networks that match, and the networks' pairs, each once.
func (f *tuneFlags) all(ctx context.Context, dev *host.Device, of benched) (all []tuneSubject, err error) {
	layers, pairs := of.layers, []tuneSubject{}
	for _, n := range of.networks {
		problems, both, err := n.layers(ctx, dev, f.exact)
		if err != nil {
			return nil, err
		}
		for _, p := range problems {
			layers = append(layers, bench.Layer{Problem: p, Count: 1})
		}
		for _, p := range both {
			pairs = append(pairs, tuneSubject{problem: p.Depthwise, behind: &p.Pointwise, model: n.path,
				options: f.options()})
		}
	}
	match, err := matcher(f.match)
	if err != nil {
		return nil, err
	}
	seen := map[tuning.Key]bool{}
	for _, p := range pairs {
		if key := p.key(dev); !seen[key] && match.MatchString(p.String()) {
			seen[key], all = true, append(all, p)
		}
	}
	if layers, err = matching(layers, f.match); err != nil && len(all) == 0 {
		return nil, err
	}
	return append(f.subjects(layers), all...), nil
}

// matcher is the regular expression of --match.
func matcher(pattern string) (*regexp.Regexp, error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return nil, usagef("--match %s: %w", pattern, err)
	}
	return match, nil
}

// matching are the layers whose name or descriptor matches, each once.
func matching(all []bench.Layer, pattern string) (layers []bench.Layer, err error) {
	match, err := matcher(pattern)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, l := range all {
		p := l.Problem
		p.Name = ""
		if !seen[p.String()] && (match.MatchString(l.Problem.Name) || match.MatchString(l.Problem.String())) {
			seen[p.String()] = true
			layers = append(layers, l)
		}
	}
	if len(layers) == 0 {
		return nil, usagef("--match %s: none of the %d layers matches", pattern, len(all))
	}
	return layers, nil
}

// tune does what was asked for: import, tune, list and export, in this order.
func (a *app) tune(ctx context.Context, f tuneFlags) error {
	of, err := f.validate(a)
	if err != nil {
		return err
	}
	tunings, err := tuning.Open(f.cache)
	if err != nil && !errors.Is(err, tuning.ErrInvalid) { // such a file was set aside: the next one is whole
		return fmt.Errorf("%w; name another file with --cache", err)
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "WARNING: %v\n", err)
		err = nil
	}
	r := tuneReport{Cache: tunings.Path()}
	if f.importFile != "" {
		if r.Imported, err = importTunings(tunings, f.importFile); err != nil {
			return err
		}
	}
	failed := error(nil)
	if of.layers != nil || of.networks != nil {
		if failed = a.tuneSuite(ctx, of, f, tunings, &r); failed != nil && r.Adapter == "" {
			return failed
		}
	}
	if f.list {
		r.Choices = append([]tuning.Choice{}, tunings.Choices()...)
	}
	if f.exportFile != "" {
		if err := exportTunings(tunings, f.exportFile); err != nil {
			return errors.Join(err, failed)
		}
		r.Exported = f.exportFile
	}
	return errors.Join(a.report(r, r.print), failed)
}

func importTunings(t *tuning.Cache, path string) (*int, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, usagef("--import: %w", err)
	}
	defer r.Close()
	taken, err := t.Import(r)
	if err != nil {
		return nil, fmt.Errorf("--import %s: %w", path, err)
	}
	return &taken, nil
}

func exportTunings(t *tuning.Cache, path string) error {
	if err := files.Write(path, t.Export); err != nil {
		return failure{fmt.Errorf("--export %s: %w", path, err)}
	}
	return nil
}

// tuneSuite tunes one layer after the other. Where it is interrupted what was tuned before is kept.
func (a *app) tuneSuite(
	ctx context.Context,
	of benched,
	f tuneFlags,
	tunings *tuning.Cache,
	r *tuneReport,
) error {
	dev, err := host.Open(a.device)
	if err != nil {
		return err
	}
	defer dev.Close()
	if dev.GPU() == nil {
		return usagef("the CPU reference has no algorithms to choose from: leave out --backend %s", host.CPU)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	subjects, err := f.all(ctx, dev, of)
	if err != nil {
		return err
	}
	r.device(dev)
	a.tuneLayers(ctx, dev, subjects, f, tunings, r)
	r.confirm(tunings.Path())
	kept, lost := r.kept()
	if r.Interrupted {
		fmt.Fprintf(
			a.stderr,
			"interrupted: %d of %d layers are tuned and kept; the same command goes on where this one ended\n",
			kept,
			len(subjects),
		)
	}
	if r.Interrupted || r.failed || lost > 0 {
		return failure{errReported}
	}
	return nil
}

// tuneLayers fills in the rows until ctx ends.
func (a *app) tuneLayers(
	ctx context.Context,
	dev *host.Device,
	subjects []tuneSubject,
	f tuneFlags,
	tunings *tuning.Cache,
	r *tuneReport,
) {
	bar := a.progress("tuning on "+r.Adapter, countCandidates(dev, subjects))
	defer bar.end()
	for _, s := range subjects {
		row, err := a.tuneOne(ctx, dev, s, f, tunings, bar)
		if ctx.Err() != nil && row.Algorithm == "" {
			r.Interrupted = true
			return
		}
		r.Layers = append(r.Layers, row)
		if err != nil {
			fmt.Fprintf(a.stderr, "FAILED %s: %v\n", s, err)
			r.failed = true
		}
	}
}

// countCandidates is how many algorithms there are to try.
func countCandidates(dev *host.Device, subjects []tuneSubject) (n int) {
	for _, s := range subjects {
		list, _ := s.algorithms(dev) // what is wrong is said when it is tuned
		n += len(list)
	}
	return max(n, 1)
}

// tuneOne tunes a layer, unless it has a choice.
func (a *app) tuneOne(
	ctx context.Context,
	dev *host.Device,
	s tuneSubject,
	f tuneFlags,
	tunings *tuning.Cache,
	bar *progress,
) (tuneRow, error) {
	row := newTuneRow(s, dev)
	list, err := s.algorithms(dev)
	if err != nil {
		row.Error = err.Error()
		return row, err
	}
	left := len(list)
	defer func() {
		for ; left > 0; left-- {
			bar.step()
		}
	}()
	if c, ok := tunings.Lookup(row.key); ok && !f.again && contains(list, c.Algorithm) {
		row.kept(c)
		return row, nil
	}
	t, err := s.tune(ctx, a, dev, tunings, host.TuneOptions{Seed: 1, Options: tuning.Options{Budget: f.budget,
		Progress: func(tuning.Candidate) { left--; bar.step() },
		Repro:    func(algorithm string) string { return drivers() + s.repro(algorithm, dev) },
	}})
	row.tuned(t)
	if ctx.Err() == nil {
		err = errors.Join(err, a.reportCandidates(s, t))
	}
	if err != nil {
		row.Error = err.Error()
	}
	return row, err
}

func contains(list []host.Algorithm, name string) bool {
	for _, a := range list {
		if host.AlgorithmName(a) == name {
			return true
		}
	}
	return false
}

// reportCandidates prints what failed at once, with the command that shows it again. A wrong result is an
// error even where another algorithm took its place.
func (a *app) reportCandidates(s tuneSubject, t tuning.Result) error {
	var wrong error
	for _, c := range t.Candidates {
		if c.Err == nil {
			continue
		}
		fmt.Fprintf(a.stderr, "FAILED %s by %s: %v\n  again: %s\n", s, c.Algorithm, c.Err, c.Repro)
		if isCheck(c.Err) && wrong == nil {
			wrong = fmt.Errorf("algorithm %s: %w", c.Algorithm, c.Err)
		}
	}
	return wrong
}
