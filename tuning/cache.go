package tuning

import (
	"cmp"
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

// Cache holds the algorithms that were measured to be the quickest, kept in a file: see [Open]. The zero
// value and nil have none; the zero value keeps what it is given in memory alone. It may be used from many
// goroutines, and its file by many processes.
type Cache struct {
	mu   sync.Mutex
	path string // empty for none
	file file
	err  error
}

// Key is what a choice is for. All of it must be the same for the choice to count.
type Key struct {
	Adapter string        `json:"adapter"`
	Driver  string        `json:"driver"` // empty where the backend hides it
	Backend string        `json:"backend"`
	Shaders string        `json:"shaders"` // shaders.Hash of the program that measured
	Problem string        `json:"problem"` // the descriptor without its name
	DType   shaders.DType `json:"numbers"`
	// Gradient is [GradientW] where not the layer is computed but the gradients with respect to W and b. That with
	// respect to X is a layer of its own: see conv.Problem.Adjoint.
	Gradient string `json:"gradient,omitempty"`
	// Behind is the descriptor, without its name, of the 1x1 layer behind the depthwise layer Problem, where the
	// choice is about computing both: see host.TunePair.
	Behind string `json:"behind,omitempty"`
}

// GradientW is the Gradient of those with respect to W and b.
const GradientW = "W"

// Choice is the algorithm that won. Times are medians in milliseconds.
type Choice struct {
	Key
	Algorithm      string    `json:"algorithm"` // "name/variant", as host.AlgorithmName has it
	Millis         float64   `json:"ms"`
	Clock          string    `json:"clock"`               // [gpu.ClockGPU] or [gpu.ClockWall]
	RunnerUp       string    `json:"runner_up,omitempty"` // the second best algorithm
	RunnerUpMillis float64   `json:"runner_up_ms,omitempty"`
	Date           time.Time `json:"date"`
}

// Open reads the choices in a file; "" is gpuconv/tuning.json in the user's folder for caches. No
// file is no error, and none is written before there is something to keep. The Cache can be used
// whatever the error says: that there is no such folder, that the file cannot be read, or that it made no
// sense and was set aside under the name that the error gives.
func Open(path string) (*Cache, error) {
	c := &Cache{path: path}
	if path == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return c, fmt.Errorf("no folder to keep tunings in: %w", err)
		}
		c.path = filepath.Join(folder, "gpuconv", "tuning.json")
	}
	c.file, c.err = read(c.path)
	return c, c.err
}

// Path is where the choices are kept, empty for nowhere.
func (c *Cache) Path() string {
	if c == nil {
		return ""
	}
	return c.path
}

// Err is what last went wrong with the file, nil for nothing. What was not written stays in memory.
func (c *Cache) Err() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Choices are all choices, those for other adapters among them, in the file's order.
func (c *Cache) Choices() []Choice {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Choice
	for _, e := range c.file.sorted() {
		all = append(all, e.Choice)
	}
	return all
}

// Lookup gives the choice for a key. Whether the device still has the algorithm it does not say.
func (c *Cache) Lookup(key Key) (Choice, bool) {
	if c == nil {
		return Choice{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.file.choices[key]
	return e.Choice, ok
}

// KeyOf is the key of a layer on an adapter; numbers of "" are float32. What an epilogue adds is the same for every
// algorithm. No choice has the key of no adapter.
func KeyOf(info gpu.AdapterInfo, p conv.Problem, numbers shaders.DType) Key {
	p.Name = ""
	return Key{Adapter: info.Name, Driver: info.Driver, Backend: string(info.Backend), Shaders: shaders.Hash(),
		Problem: p.String(), DType: cmp.Or(numbers, shaders.Float32)}
}

// Keep adds choices, in the place of older ones for the same, and writes the file. The error names the
// value that makes no sense, and nothing is kept, or says why the file was not written.
func (c *Cache) Keep(choices ...Choice) error {
	if c == nil {
		return fmt.Errorf("keeping a tuning: %w: there is no Cache: use one from tuning.Open", gpu.ErrMisuse)
	}
	for i, choice := range choices {
		if err := choice.validate(); err != nil {
			return fmt.Errorf("keeping a tuning: %w: choice %d: %w", ErrInvalid, i+1, err)
		}
	}
	return c.change(func(f *file) {
		for _, choice := range choices {
			f.add(entry{Choice: choice})
		}
	})
}

// Export writes all choices as a tuning file.
func (c *Cache) Export(w io.Writer) error {
	if c == nil {
		c = &Cache{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := c.file.encode()
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("exporting tunings: %w", err)
	}
	return nil
}

// Import adds the choices that Export wrote, says how many of them there are that were not there or are
// newer, and writes the file. The error wraps [ErrInvalid] and names the entry and the value that makes no
// sense, and nothing is imported, or says why the file was not written.
func (c *Cache) Import(r io.Reader) (taken int, err error) {
	if c == nil {
		return 0, fmt.Errorf("importing tunings: %w: there is no Cache: use one from tuning.Open", gpu.ErrMisuse)
	}
	f, err := decode(r)
	if err == nil {
		err = f.checkDates(time.Now())
	}
	if err != nil {
		return 0, fmt.Errorf("importing tunings: %w", err)
	}
	err = c.change(func(mine *file) { taken = mine.merge(f) })
	return taken, err
}

// change changes the choices, adds those that other processes have written by now, and writes them.
func (c *Cache) change(how func(*file)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	how(&c.file)
	if c.path != "" {
		c.err = update(c.path, &c.file)
	}
	return c.err
}
