package main

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/model"
)

// score is one of an output's highest.
type score struct {
	Class int       `json:"class"`
	Score jsonFloat `json:"score"`
	Label string    `json:"label,omitempty"`
}

// jsonFloat is a number that is null in JSON where it is NaN or infinite.
type jsonFloat float32

func (f jsonFloat) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(f), 'g', -1, 32), nil
}

// classes is for how many classes a shape holds scores, 0 where it does not look like that: two numbers or more, all
// of them along one axis, which is the only one or stands behind one of a single image.
func classes(shape []int) int {
	at := slices.IndexFunc(shape, func(size int) bool { return size != 1 })
	if at < 0 || at > 1 || at == 0 && len(shape) > 1 || shape[at] < 2 {
		return 0
	}
	if slices.ContainsFunc(shape[at+1:], func(size int) bool { return size != 1 }) {
		return 0
	}
	return shape[at]
}

// highest gives the k highest scores, the highest first: equal ones in the order of their classes, and NaN last.
func highest(scores []float32, k int, labels []string) (top []score) {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch x, y := scores[i], scores[j]; {
		case x > y || x == x && y != y:
			return -1
		case x < y || x != x && y == y:
			return 1
		}
		return 0
	})
	for _, i := range order[:min(k, len(order))] {
		s := score{Class: i, Score: jsonFloat(scores[i])}
		if labels != nil {
			s.Label = labels[i]
		}
		top = append(top, s)
	}
	return top
}

// readLabels reads a line for each class.
func (a *app) readLabels(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := a.readBytes("--labels", file)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if text == "" {
		return nil, usagef("--labels %s: there is nothing in it: it must have a line for each class", file)
	}
	return strings.Split(text, "\n"), nil
}

// checkLabels holds the labels against an output's shape, as far as it is known.
func checkLabels(labels []string, output string, shape []int) error {
	if count := classes(shape); labels != nil && count > 0 && len(labels) != count {
		return usagef("--labels: %d lines for the %d classes of output %q", len(labels), count, output)
	}
	return nil
}

// checkPorts is checkLabels for outputs whose shapes are known before a run.
func checkPorts(labels []string, ports []model.Port) error {
	for _, p := range ports {
		if err := checkLabels(labels, p.Name, p.Shape); err != nil {
			return err
		}
	}
	return nil
}
