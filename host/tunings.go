package host

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Tunings are the algorithms that were measured to be the quickest, kept in a file: see [OpenTunings]. The
// zero value and nil have none; the zero value keeps what it is given in memory alone. They may be used
// from many goroutines, and their file by many processes.
type Tunings struct {
	mu   sync.Mutex
	path string // empty for none
	file tuningFile
	err  error
}

// TuningKey is what a choice is for. All of it must be the same for the choice to count.
type TuningKey struct {
	Adapter string  `json:"adapter"`
	Driver  string  `json:"driver"` // empty where the backend hides it
	Backend string  `json:"backend"`
	Shaders string  `json:"shaders"` // shaders.Hash of the program that measured
	Problem string  `json:"problem"` // the descriptor without its name
	Numbers Numbers `json:"numbers"`
}

// TuningChoice is the algorithm that won. Times are medians in milliseconds.
type TuningChoice struct {
	TuningKey
	Algorithm      string    `json:"algorithm"` // as [AlgorithmName] has it
	Millis         float64   `json:"ms"`
	Clock          string    `json:"clock"`               // [ClockGPU] or [ClockWall]
	RunnerUp       string    `json:"runner_up,omitempty"` // the second best algorithm
	RunnerUpMillis float64   `json:"runner_up_ms,omitempty"`
	Date           time.Time `json:"date"`
}

// OpenTunings reads the choices in a file; "" is gpuconv/tuning.json in the user's folder for caches. No
// file is no error, and none is written before there is something to keep. The Tunings can be used
// whatever the error says: that there is no such folder, that the file cannot be read, or that it made no
// sense and was set aside under the name that the error gives.
func OpenTunings(path string) (*Tunings, error) {
	t := &Tunings{path: path}
	if path == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return t, fmt.Errorf("no folder to keep tunings in: %w", err)
		}
		t.path = filepath.Join(folder, "gpuconv", "tuning.json")
	}
	t.file, t.err = readTunings(t.path)
	return t, t.err
}

// Path is where the choices are kept, empty for nowhere.
func (t *Tunings) Path() string {
	if t == nil {
		return ""
	}
	return t.path
}

// Err is what last went wrong with the file, nil for nothing. What was not written stays in memory.
func (t *Tunings) Err() error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Choices are all choices, those for other adapters among them, in the file's order.
func (t *Tunings) Choices() []TuningChoice {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []TuningChoice
	for _, e := range t.file.sorted() {
		all = append(all, e.TuningChoice)
	}
	return all
}

// Lookup gives the choice for a layer on dev. Whether dev still has the algorithm it does not say.
func (t *Tunings) Lookup(dev *Device, p conv.Problem, o LayerOptions) (TuningChoice, bool) {
	if t == nil || dev.GPU() == nil {
		return TuningChoice{}, false
	}
	key := tuningKey(dev.gpu.Info(), p, o)
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.file.choices[key]
	return e.TuningChoice, ok
}

// tuningKey is that of a layer on an adapter. What an epilogue adds is the same for every algorithm.
func tuningKey(info gpu.AdapterInfo, p conv.Problem, o LayerOptions) TuningKey {
	p.Name = ""
	return TuningKey{Adapter: info.Name, Driver: info.Driver, Backend: string(info.Backend), Shaders: shaders.Hash(), Problem: p.String(), Numbers: o.numbers()}
}

// Keep adds choices, in the place of older ones for the same, and writes the file. The error names the
// value that makes no sense, and nothing is kept, or says why the file was not written.
func (t *Tunings) Keep(choices ...TuningChoice) error {
	if t == nil {
		return fmt.Errorf("keeping a tuning: %w: there are no Tunings: use some from host.OpenTunings", gpu.ErrMisuse)
	}
	for i, c := range choices {
		if err := c.validate(); err != nil {
			return fmt.Errorf("keeping a tuning: %w: choice %d: %w", ErrTunings, i+1, err)
		}
	}
	return t.change(func(f *tuningFile) {
		for _, c := range choices {
			f.add(tuningEntry{TuningChoice: c})
		}
	})
}

// Export writes all choices as a file of tunings.
func (t *Tunings) Export(w io.Writer) error {
	if t == nil {
		t = &Tunings{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	data, err := t.file.encode()
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("exporting tunings: %w", err)
	}
	return nil
}

// Import adds the choices that Export wrote, says how many of them there are that were not there or are
// newer, and writes the file. The error wraps [ErrTunings] and names the entry and the value that makes no
// sense, and nothing is imported, or says why the file was not written.
func (t *Tunings) Import(r io.Reader) (taken int, err error) {
	if t == nil {
		return 0, fmt.Errorf("importing tunings: %w: there are no Tunings: use some from host.OpenTunings", gpu.ErrMisuse)
	}
	f, err := decodeTunings(r)
	if err == nil {
		err = f.checkDates(time.Now())
	}
	if err != nil {
		return 0, fmt.Errorf("importing tunings: %w", err)
	}
	err = t.change(func(mine *tuningFile) { taken = mine.merge(f) })
	return taken, err
}

// change changes the choices, adds those that other processes have written by now, and writes them.
func (t *Tunings) change(how func(*tuningFile)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	how(&t.file)
	if t.path != "" {
		t.err = updateTunings(t.path, &t.file)
	}
	return t.err
}
