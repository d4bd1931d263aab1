package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Ranking is several sides, such as machines, in the order of their speed over the layers that all of them measured.
type Ranking struct {
	Layers []string `json:"layers"` // that count
	Clock  string   `json:"clock"`  // what the times are: gpu, wall, or whole: with transfers, by the wall clock
	Places []Place  `json:"places"` // the fastest first
	Left   []string `json:"left,omitempty"`
	Failed []string `json:"failed,omitempty"` // layers that failed in one of the files, with the reason
	Notes  []string `json:"notes,omitempty"`
}

// Place is one side of a ranking.
type Place struct {
	Name     string  `json:"name"`
	Adapter  Adapter `json:"adapter"`
	Speed    float64 `json:"speed"`   // the geometric mean over the layers, as a part of the first place's
	Least    float64 `json:"least"`   // the layer in which it is furthest behind the fastest: its part of that speed
	Slowest  string  `json:"slowest"` // that layer's name
	Wins     int     `json:"wins"`    // layers in which it is the fastest
	Verified int     `json:"verified"`
}

// Rank puts sides in the order of their speed. Layers are the same where their problems are, whatever their names;
// those that a side lacks do not count, and are Left. Times are those of one clock on all sides; where a peer's are
// among them, which have transfers, so have ours. A difference of a few percent is most often noise: see [Compare].
func Rank(sides []Side) Ranking {
	var notes Comparison
	all := make([]layers, len(sides))
	for i, s := range sides {
		all[i] = s.layers(&notes)
	}
	r := Ranking{Failed: notes.Failed, Places: make([]Place, len(sides))}
	keys := r.common(all)
	if len(keys) == 0 {
		return Ranking{Failed: r.Failed, Left: r.Left}
	}
	var results []*Result
	for _, key := range keys {
		for _, l := range all {
			results = append(results, l.results[key]...)
		}
	}
	clock, times := common(results, results)
	r.Clock = clock
	if clock == ClockWhole {
		r.noteTransfers(sides)
	}
	logs := make([]float64, len(sides))
	for i, s := range sides {
		r.Places[i] = Place{Name: s.Name, Adapter: s.Runs[0].Adapter, Least: math.Inf(1)}
	}
	for k, key := range keys {
		r.count(r.Layers[k], key, all, times, logs)
	}
	for i := range r.Places {
		r.Places[i].Speed = math.Exp((logs[i] - slices.Max(logs)) / float64(len(keys)))
	}
	slices.SortStableFunc(r.Places, func(a, b Place) int {
		if a.Speed > b.Speed {
			return -1
		}
		return 1
	})
	return r
}

// common finds the layers that all sides have, in the first one's order.
func (r *Ranking) common(all []layers) (keys []key) {
	seen := map[key]bool{}
	for _, l := range all {
		for _, k := range l.order {
			if seen[k] {
				continue
			}
			seen[k] = true
			label := first(l.results[k]).Label()
			if slices.ContainsFunc(all, func(l layers) bool { return l.results[k] == nil }) {
				r.Left = append(r.Left, label)
				continue
			}
			keys, r.Layers = append(keys, k), append(r.Layers, label)
		}
	}
	return keys
}

// noteTransfers says which sides' times have no transfers in them though others' have.
func (r *Ranking) noteTransfers(sides []Side) {
	for _, s := range sides {
		for _, f := range s.Runs {
			if slices.ContainsFunc(f.Results, func(r Result) bool {
				return r.Error == "" && r.Clock != ClockPeer && (r.Transfers == nil || r.Transfers.Whole == nil)
			}) {
				r.Notes = append(r.Notes, s.Name+" has times without transfers, and others have them with transfers")
				break
			}
		}
	}
}

// count adds one layer to each place: the logarithm of its speed to logs.
func (r *Ranking) count(label string, k key, all []layers, times func(*Result) *Times, logs []float64) {
	took := make([]float64, len(all))
	for i, l := range all {
		took[i] = newEstimate(l.results[k], times).location
		logs[i] -= math.Log(took[i])
	}
	fastest := slices.Min(took)
	for i := range r.Places {
		p := &r.Places[i]
		if part := fastest / took[i]; part < p.Least {
			p.Least, p.Slowest = part, label
		}
		if took[i] == fastest {
			p.Wins++
		}
		if !slices.ContainsFunc(all[i].results[k], func(r *Result) bool { return r != nil && !r.Verified }) {
			p.Verified++
		}
	}
}

// WriteRanking writes a ranking for people.
func WriteRanking(w io.Writer, r Ranking) error { return writeLines(w, r.Lines()) }

// Lines are those of a ranking for people, with tabs between the cells of its table.
func (r Ranking) Lines() []string {
	lines := []string{"place\tspeed\tfastest in\tleast\tin\tright\tadapter\tfile"}
	for i, p := range r.Places {
		adapter := p.Adapter.Name
		if p.Adapter.Backend != "" {
			adapter += " (" + p.Adapter.Backend + ")"
		}
		lines = append(lines, strings.Join([]string{fmt.Sprint(i + 1), fmt.Sprintf("%.3f", p.Speed),
			fmt.Sprintf("%d of %d", p.Wins, len(r.Layers)), fmt.Sprintf("%.3f", p.Least), p.Slowest,
			fmt.Sprintf("%d of %d", p.Verified, len(r.Layers)), adapter, p.Name}, "\t"))
	}
	lines = append(lines, "", "speed: the geometric mean over the layers that all files have, as a part of the "+
		"first place's; least: the layer in", "which a file is furthest behind the fastest; right: layers whose "+
		"every output was judged. Times are the "+r.Clock+" clock's.")
	for _, list := range []struct {
		what  string
		names []string
	}{{"not in all files: ", r.Left}, {"failed: ", r.Failed}, {"note: ", r.Notes}} {
		for _, name := range list.names {
			lines = append(lines, list.what+name)
		}
	}
	return lines
}
