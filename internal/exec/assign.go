package exec

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// object is what shares one buffer, in the order of time: no two of it are live at once.
type object []tenant

func (o object) bytes() (most uint64) {
	for _, t := range o {
		most = max(most, t.bytes)
	}
	return most
}

// free tells whether none of the object's is live while t is.
func (o object) free(t tenant) bool {
	at := o.place(t)
	return (at == len(o) || !o[at].overlaps(t.life)) && (at == 0 || !o[at-1].overlaps(t.life))
}

// place is where t comes in the order of time.
func (o object) place(t tenant) int {
	at, _ := slices.BinarySearchFunc(o, t.from, func(u tenant, from int) int { return cmp.Compare(u.from, from) })
	return at
}

func (o object) with(t tenant) object { return slices.Insert(o, o.place(t), t) }

// assignment is a way to share objects.
type assignment []object

func (a assignment) bytes() (sum uint64) {
	for _, o := range a {
		sum += o.bytes()
	}
	return sum
}

// The work of a search is bounded by what it looks at, not by time, so that it ends alike everywhere.
const (
	exactTenants = 24     // up to so many the search by branches mostly ends
	branches     = 20_000 // that it tries at most
	looks        = 1 << 20
)

// assigned finds a small assignment. The least one is known to be hard to find: this is coloring of intervals whose
// colors cost what their largest interval does. Tenants are first assigned in several orders, each to the object that
// grows least, as Pisarchyk and Lee's greedy plans do by size and by breadth. Then pairs of objects are divided anew
// as well as two can be. Small plans are searched branch by branch, others from assignments that are shaken a little,
// until the bound is reached or the work is done.
func assigned(all []tenant, largest []uint64) assignment {
	var bound uint64
	for _, bytes := range largest {
		bound += bytes
	}
	s := &search{bound: bound, looks: looks, rng: rand.New(rand.NewPCG(1, uint64(len(all))))}
	for _, order := range orders(all) {
		s.take(greedy(order))
	}
	if len(all) <= exactTenants {
		s.exactly(all, largest)
	}
	for len(s.best) > 1 && !s.done() {
		s.take(s.shaken())
	}
	return s.best
}

// orders are those in which tenants are assigned greedily.
func orders(all []tenant) (some [][]tenant) {
	breadth := breadths(all)
	for _, less := range []func(a, b tenant) int{
		func(a, b tenant) int { return cmp.Compare(b.bytes, a.bytes) },
		func(a, b tenant) int {
			return cmp.Or(cmp.Compare(breadth[b.operand], breadth[a.operand]), cmp.Compare(b.bytes, a.bytes))
		},
		func(a, b tenant) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.bytes, a.bytes)) },
		func(a, b tenant) int { return cmp.Or(cmp.Compare(b.to, a.to), cmp.Compare(b.bytes, a.bytes)) },
		func(a, b tenant) int {
			return cmp.Or(cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(b.bytes, a.bytes))
		},
	} {
		order := slices.Clone(all)
		slices.SortStableFunc(order, less)
		some = append(some, order)
	}
	return some
}

// breadths gives, for each operand, the most bytes that are live when it begins or ends.
func breadths(all []tenant) map[int]uint64 {
	most := map[int]uint64{}
	for _, t := range all {
		for _, at := range []int{t.from, t.to} {
			sum := uint64(0)
			for _, u := range all {
				if u.overlaps(life{at, at}) {
					sum += u.bytes
				}
			}
			most[t.operand] = max(most[t.operand], sum)
		}
	}
	return most
}

// greedy assigns one tenant after the other to the object that grows least, of those that need not grow to the
// smallest one, or to a new object.
func greedy(order []tenant) (a assignment) {
	var sizes []uint64
	for _, t := range order {
		at, growth := -1, t.bytes
		for i, o := range a {
			grows := max(sizes[i], t.bytes) - sizes[i]
			if !o.free(t) || at >= 0 && (grows > growth || grows == growth && sizes[i] >= sizes[at]) {
				continue
			}
			at, growth = i, grows
		}
		if at < 0 {
			at = len(a)
			a, sizes = append(a, nil), append(sizes, 0)
		}
		a[at] = a[at].with(t)
		sizes[at] = max(sizes[at], t.bytes)
	}
	return a
}

// search keeps the best assignment, and counts the work.
type search struct {
	best  assignment
	bytes uint64
	bound uint64
	looks int // that are left
	rng   *rand.Rand
}

func (s *search) done() bool { return s.looks <= 0 || s.bytes == s.bound }

// take makes an assignment better, and keeps it where it is no worse than the best.
func (s *search) take(a assignment) {
	a = s.better(a)
	if bytes := a.bytes(); s.best == nil || bytes <= s.bytes {
		s.best, s.bytes = a, bytes
	}
}

// better divides pairs of objects anew until no pair becomes smaller, or the work is done.
func (s *search) better(a assignment) assignment {
	sizes := make([]uint64, len(a))
	for i, o := range a {
		sizes[i] = o.bytes()
	}
	for again := true; again; {
		again = false
		for i := range a {
			for j := range i {
				if s.looks -= len(a[i]) + len(a[j]) + 1; s.looks < 0 {
					return slices.DeleteFunc(a, func(o object) bool { return len(o) == 0 })
				}
				if first, second := smallest(a[i], a[j]); first+second < sizes[i]+sizes[j] {
					a[i], a[j] = divided(a[i], a[j], func(x, y object) bool { return x.bytes() >= y.bytes() })
					sizes[i], sizes[j], again = first, second, true
				}
			}
		}
	}
	return slices.DeleteFunc(a, func(o object) bool { return len(o) == 0 })
}

// shaken is the best assignment with pairs of its objects divided by chance.
func (s *search) shaken() assignment {
	a := slices.Clone(s.best)
	for range 1 + s.rng.IntN(3) {
		if i, j := s.rng.IntN(len(a)), s.rng.IntN(len(a)); i != j {
			s.looks -= len(a[i]) + len(a[j])
			a[i], a[j] = divided(a[i], a[j], func(object, object) bool { return s.rng.IntN(2) == 0 })
		}
	}
	return a
}

// gapless tells how many of two objects' first tenants are live without a gap between them: these cannot be divided
// otherwise than they are, but for which of the two has which.
func gapless(x, y object) (i, j int) {
	for until := -2; ; {
		switch {
		case i < len(x) && (x[i].from <= until || i+j == 0 && (len(y) == 0 || x[0].from <= y[0].from)):
			until = max(until, x[i].to)
			i++
		case j < len(y) && (y[j].from <= until || i+j == 0):
			until = max(until, y[j].to)
			j++
		default:
			return i, j
		}
	}
}

// smallest gives what two objects take when the tenants of both are divided as well as can be: the first gets the
// larger ones wherever there is a choice.
func smallest(x, y object) (first, second uint64) {
	for len(x)+len(y) > 0 {
		i, j := gapless(x, y)
		mine, yours := x[:i].bytes(), y[:j].bytes()
		first, second = max(first, mine, yours), max(second, min(mine, yours))
		x, y = x[i:], y[j:]
	}
	return first, second
}

// divided gives two objects what two have; keep says, wherever there is a choice, whether the first has the first's.
func divided(x, y object, keep func(x, y object) bool) (first, second object) {
	for len(x)+len(y) > 0 {
		i, j := gapless(x, y)
		if keep(x[:i], y[:j]) {
			first, second = append(first, x[:i]...), append(second, y[:j]...)
		} else {
			first, second = append(first, y[:j]...), append(second, x[:i]...)
		}
		x, y = x[i:], y[j:]
	}
	return first, second
}

// exactly searches all assignments, as far as branches reach. Tenants come in falling order of size, so that an object
// is as large as the first that it gets.
func (s *search) exactly(all []tenant, largest []uint64) {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b tenant) int { return cmp.Compare(b.bytes, a.bytes) })
	// rest is what the objects from the k-th on take at least.
	rest := make([]uint64, len(largest)+1)
	for k := len(largest) - 1; k >= 0; k-- {
		rest[k] = rest[k+1] + largest[k]
	}
	left := branches
	var a assignment
	var branch func(at int, bytes uint64)
	branch = func(at int, bytes uint64) {
		if left--; left < 0 || bytes+rest[min(len(a), len(largest))] >= s.bytes {
			return
		}
		if at == len(order) {
			s.best, s.bytes = nil, bytes
			for _, o := range a {
				s.best = append(s.best, slices.Clone(o))
			}
			return
		}
		t := order[at]
		for i := len(a) - 1; i >= 0; i-- {
			if before := a[i]; before.free(t) {
				a[i] = slices.Clone(before).with(t)
				branch(at+1, bytes)
				a[i] = before
			}
		}
		a = append(a, object{t})
		branch(at+1, bytes+t.bytes)
		a = a[:len(a)-1]
	}
	if branch(0, 0); left >= 0 {
		s.looks = 0 // there is no smaller one
	}
}
