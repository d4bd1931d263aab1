package gpu

import "testing"

func TestSnap(t *testing.T) {
	for _, c := range []struct{ measured, want float64 }{
		{1.0001, 1}, {0.985, 1}, {1.03, 1.03}, {52.1, 1e3 / 19.2}, {83.2, 1e3 / 12}, {10.1, 10}, {26, 1e3 / 38.4},
		{39.9, 40}, {5, 5},
	} {
		if got := snap(c.measured); got != c.want {
			t.Errorf("snap(%g) is %g, want %g", c.measured, got, c.want)
		}
	}
	for i, a := range knownPeriods { // no measurement may fit two
		for _, b := range knownPeriods[i+1:] {
			if b/a < 1.04 {
				t.Errorf("periods %g and %g are too near", a, b)
			}
		}
	}
}

func TestTimestampPeriod(t *testing.T) {
	d := openDevice(t)
	ns, err := d.TimestampPeriod(t.Context())
	switch {
	case !d.Info().HasFeature(FeatureTimestamps):
		wantError(t, err, ErrLimit)
	case err != nil:
		t.Error(err)
	case d.Info().Type == Software && ns != 1:
		t.Errorf("a tick of %s lasts %g ns, want 1", d.Info(), ns)
	case snap(ns) != ns:
		t.Errorf("a tick lasts %g ns, which no known clock does", ns)
	}
	if again, _ := d.TimestampPeriod(t.Context()); again != ns {
		t.Errorf("measured again: %g, then %g", ns, again)
	}
}
