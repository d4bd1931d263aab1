package tuning

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// ErrInvalid is in the chain of every error about a tuning file that makes no sense.
var ErrInvalid = errors.New("invalid tuning file")

// schema is the version of the file. Fields may be added without a new one.
const schema = 1

// maxFile is how many bytes are read: a choice takes a few hundred.
const maxFile = 64 << 20

// file is what stands in a file. What other versions of the program have written into it stays.
type file struct {
	choices map[Key]entry
	extra   map[string]json.RawMessage
}

// entry is a choice, with what else stands in it.
type entry struct {
	Choice
	extra map[string]json.RawMessage
}

// The fields that are known.
var (
	fileFields  = []string{"schema", "choices"}
	entryFields = []string{"adapter", "driver", "backend", "shaders", "problem", "numbers", "gradient",
		"algorithm", "ms", "clock", "runner_up", "runner_up_ms", "date"}
)

// decode reads a file. The error wraps ErrInvalid, or is r's.
func decode(r io.Reader) (f file, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return f, err
	}
	if len(data) > maxFile {
		return f, fmt.Errorf("%w: more than %d bytes", ErrInvalid, maxFile)
	}
	var head struct {
		Schema  *int              `json:"schema"`
		Choices []json.RawMessage `json:"choices"`
	}
	if f.extra, err = decodeWithExtra(data, &head, fileFields); err != nil {
		return f, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if head.Schema == nil || *head.Schema != schema {
		return f, fmt.Errorf("%w: schema %s, must be %d", ErrInvalid, text(head.Schema), schema)
	}
	for i, raw := range head.Choices {
		e, err := decodeEntry(raw)
		if err != nil {
			return file{}, fmt.Errorf("%w: choice %d: %w", ErrInvalid, i+1, err)
		}
		f.add(e)
	}
	return f, nil
}

// text is a number that may be missing.
func text(n *int) string {
	if n == nil {
		return "missing"
	}
	return fmt.Sprint(*n)
}

func decodeEntry(raw []byte) (e entry, err error) {
	if e.extra, err = decodeWithExtra(raw, &e.Choice, entryFields); err != nil {
		return e, err
	}
	return e, e.validate()
}

// decodeWithExtra reads an object into a struct, and gives the fields that are not its known ones. Like
// the json package it takes upper for lower case.
func decodeWithExtra(data []byte, to any, known []string) (map[string]json.RawMessage, error) {
	var extra map[string]json.RawMessage
	if err := json.Unmarshal(data, &extra); err != nil {
		return nil, err
	}
	if extra == nil {
		return nil, errors.New("null, must be an object")
	}
	if err := json.Unmarshal(data, to); err != nil {
		return nil, err
	}
	maps.DeleteFunc(extra, func(name string, _ json.RawMessage) bool {
		return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
	})
	return extra, nil
}

var (
	algorithmName = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_.-]+$`)
	hashText      = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// validate reports the value that makes no sense.
func (c Choice) validate() error {
	for _, of := range [][2]string{{"problem", c.Problem}, {"behind", c.Behind}} {
		if of[0] == "behind" && of[1] == "" {
			continue
		}
		p, err := conv.Parse(of[1])
		if err != nil {
			return fmt.Errorf("%s %q: %w", of[0], of[1], err)
		}
		if want := p.String(); of[1] != want || p.Name != "" {
			p.Name = ""
			return fmt.Errorf("%s %q, must be %q, its shortest form without a name", of[0], of[1], p)
		}
	}
	switch {
	case c.Adapter == "":
		return errors.New(`adapter "", must be the adapter's name`)
	case c.Backend == "":
		return errors.New(`backend "", must be the backend's name`)
	case !hashText.MatchString(c.Shaders):
		return fmt.Errorf("shaders %q, must be 16 digits of a hash", c.Shaders)
	case !slices.Contains([]shaders.DType{shaders.Float32, shaders.Float16, shaders.Int8}, c.DType):
		return fmt.Errorf("numbers %q, must be %s, %s or %s", c.DType, shaders.Float32, shaders.Float16, shaders.Int8)
	case c.Behind != "" && (c.DType != shaders.Float32 || c.Gradient != ""):
		return fmt.Errorf("behind %q of %s, gradient %q, must be of %s and no gradient", c.Behind, c.DType, c.Gradient,
			shaders.Float32)
	case c.Gradient != "" && (c.Gradient != GradientW || c.DType != shaders.Float32):
		return fmt.Errorf("gradient %q of %s, must be %s of %s, or none", c.Gradient, c.DType, GradientW,
			shaders.Float32)
	}
	return c.validateResult()
}

func (c Choice) validateResult() error {
	switch {
	case !algorithmName.MatchString(c.Algorithm):
		return fmt.Errorf("algorithm %q, must be name/variant", c.Algorithm)
	case !isTime(c.Millis):
		return fmt.Errorf("ms %g, must be more than 0", c.Millis)
	case c.Clock != gpu.ClockGPU && c.Clock != gpu.ClockWall:
		return fmt.Errorf("clock %q, must be %s or %s", c.Clock, gpu.ClockGPU, gpu.ClockWall)
	case c.RunnerUp != "" && !algorithmName.MatchString(c.RunnerUp):
		return fmt.Errorf("runner_up %q, must be name/variant", c.RunnerUp)
	case c.RunnerUp != "" && !isTime(c.RunnerUpMillis), c.RunnerUp == "" && c.RunnerUpMillis != 0:
		return fmt.Errorf("runner_up_ms %g of runner_up %q, must be more than 0, and 0 for none",
			c.RunnerUpMillis, c.RunnerUp)
	case c.Date.IsZero() || c.Date.Year() < 1 || c.Date.Year() > 9999:
		return fmt.Errorf("date %v, must be when it was measured", c.Date)
	}
	return nil
}

func isTime(ms float64) bool { return ms > 0 && !math.IsInf(ms, 0) }

// checkDates reports a choice from the future, whose place no other could ever take. Clocks may differ by
// a day.
func (f *file) checkDates(now time.Time) error {
	for i, e := range f.sorted() {
		if e.Date.After(now.Add(24 * time.Hour)) {
			return fmt.Errorf("%w: choice %d, of %s: date %s, must not be in the future",
				ErrInvalid, i+1, e.Problem, e.Date.Format(time.RFC3339))
		}
	}
	return nil
}

// add puts an entry in, unless there is a newer one for the same.
func (f *file) add(e entry) {
	if old, ok := f.choices[e.Key]; ok && old.Date.After(e.Date) {
		return
	}
	if f.choices == nil {
		f.choices = map[Key]entry{}
	}
	f.choices[e.Key] = e
}

// merge adds what is new in other, and says how much that is. Fields that nobody here knows stay as they are in f.
func (f *file) merge(other file) (taken int) {
	for key, e := range other.choices {
		if old, ok := f.choices[key]; ok && !e.Date.After(old.Date) {
			continue
		}
		f.add(e)
		taken++
	}
	for name, value := range other.extra {
		if _, ok := f.extra[name]; !ok {
			if f.extra == nil {
				f.extra = map[string]json.RawMessage{}
			}
			f.extra[name] = value
		}
	}
	return taken
}

// sorted gives the entries in the order in which files have them.
func (f *file) sorted() []entry {
	return slices.SortedFunc(maps.Values(f.choices), func(a, b entry) int {
		return cmp.Or(
			cmp.Compare(a.Adapter, b.Adapter),
			cmp.Compare(a.Backend, b.Backend),
			cmp.Compare(a.Driver, b.Driver),
			cmp.Compare(a.Shaders, b.Shaders),
			cmp.Compare(a.Problem, b.Problem),
			cmp.Compare(a.DType, b.DType),
			cmp.Compare(a.Gradient, b.Gradient),
			cmp.Compare(a.Behind, b.Behind),
		)
	})
}

// encode gives the file's text: an entry's fields on lines of their own.
func (f *file) encode() ([]byte, error) {
	head := struct {
		Schema  int     `json:"schema"`
		Choices []entry `json:"choices"`
	}{schema, f.sorted()}
	if head.Choices == nil {
		head.Choices = []entry{}
	}
	data, err := withExtra(head, f.extra)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, data, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// MarshalJSON implements [json.Marshaler].
func (e entry) MarshalJSON() ([]byte, error) { return withExtra(e.Choice, e.extra) }

// withExtra gives the object of a struct, with more fields behind its own.
func withExtra(v any, extra map[string]json.RawMessage) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return data, err
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, err
	}
	return append(append(data[:len(data)-1], ','), more[1:]...), nil
}
