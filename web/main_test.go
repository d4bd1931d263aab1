package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// asked gives the answer to a question as the page gets it, or its error.
func asked(t *testing.T, name, about string) (string, error) {
	t.Helper()
	a, err := new(program).answer(t.Context(), question{name: name, about: json.RawMessage(about)})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(a.value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

// TestAnswers holds what needs no device: sizes, impossible settings, suites.
func TestAnswers(t *testing.T) {
	for _, c := range []struct{ name, about, want string }{
		{"sizes", `{"Width":227,"Height":227,"Depth":3,"F":11,"S":4,"P":0,"K":96,"Groups":1,"Dilation":1}`,
			`"out":[55,55,96],"formula":"(227 - 11 + 2*0)/4 + 1 = 55 wide","fits":true`},
		{"sizes", `{"Width":227,"Height":227,"Depth":3,"F":11,"S":4,"P":0,"K":96,"Groups":1,"Dilation":1}`,
			`"shared":34944,"unshared":105705600`},
		{"sizes", `{"Width":10,"Height":10,"Depth":3,"F":3,"S":2,"P":0,"K":4,"Groups":1,"Dilation":1}`,
			`"fits":false`},
		{"sizes", `{"Width":8,"Height":8,"Depth":3,"F":11,"S":1,"P":0,"K":4,"Groups":1,"Dilation":1}`, `"wrong":"`},
		{"sizes", `{"Width":8,"Height":8,"Depth":3,"F":3,"S":1,"P":0,"K":4,"Groups":2,"Dilation":1}`, `"wrong":"`},
		{"suite", `{"Name":"core"}`, `"suites":["`},
	} {
		if got, err := asked(t, c.name, c.about); err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%s of %s: %s, error %v, must have %s", c.name, c.about, got, err, c.want)
		}
	}
}

// TestRefused holds that nonsense is an error that says what is wrong.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, about, want string }{
		{"nonsense", `{}`, `"nonsense" is no question`},
		{"sizes", `[]`, "sizes: "},
		{"suite", `{"Name":"none"}`, "none"},
		{"bench", `{"Layers":"ic3 nonsense"}`, "the page"},
		{"compare", `[]`, "two files"},
		{"prove", `{"Count":0}`, "prove: 0 layers"},
		{"rank", `[{"Name":"a.json","Text":"{}"}]`, "rank: 1 files"},
		{"rank", `[{"Name":"a.json","Text":"{}"},{"Name":"b.json","Text":"{}"}]`, "a.json"},
		{"compare", `[{"Name":"a.json","Text":"{}"},{"Name":"b.json","Text":"{}"}]`, "a.json"},
		{"layer", `{"Width":8,"Height":8,"Depth":3,"F":3,"S":1,"P":0,"K":4,"Groups":1,"Dilation":1}`, "0 bytes for X"},
	} {
		if got, err := asked(t, c.name, c.about); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %s, error %v, must have %q", c.name, c.about, got, err, c.want)
		}
	}
}
