package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gpuconv/gpuconv/model"
)

// inferCheck is the verdict on all nodes, in the report.
type inferCheck struct {
	Nodes   int     `json:"nodes"`
	Numbers int     `json:"numbers"`
	All     int     `json:"all"`              // more than Numbers where a sample was judged
	Sample  int     `json:"sample,omitempty"` // outputs of each layer
	Used    float64 `json:"bound_used"`       // the largest part of its bound that a number used
	Node    string  `json:"node"`             // whose number that is
	Where   string  `json:"where"`            // and what it is beside the reference
	// Bounds are the nodes that were judged, in their order: more than run without a check, whose views are copied.
	Bounds []nodeBound `json:"bounds"`
}

// nodeBound is the verdict on one node that is right.
type nodeBound struct {
	Node    string  `json:"node"`
	Numbers int     `json:"numbers"`
	Used    float64 `json:"bound_used"`
}

// judge runs the network with every tensor in memory of its own, and has each node judged.
func (r *inference) judge(ctx context.Context) error {
	var verdict model.Verdict
	err := r.stage(ctx, "checking", -1, func(func()) (err error) {
		_, verdict, err = r.net.Check(ctx, r.inputs)
		return err
	})
	if err == nil {
		if r.app.spoilVerdict != nil {
			r.app.spoilVerdict(&verdict)
		}
		err = verdict.Err()
	}
	if isCheck(err) {
		failed := r.failed(err.Error())
		return cmp.Or(r.save(verdict), failed)
	}
	if err != nil {
		return err
	}
	worst := verdict.Worst()
	r.report.Check = &inferCheck{
		Nodes:   len(verdict.Nodes),
		Numbers: verdict.Numbers(),
		All:     verdict.All(),
		Sample:  r.flags.sample,
		Used:    worst.Report.BoundUsed,
		Node:    nodeTitle(worst.Node),
		Where:   worst.Report.Worst.String(),
		Bounds:  []nodeBound{},
	}
	for _, n := range verdict.Nodes {
		bound := nodeBound{nodeTitle(n.Node), n.Report.Checked, n.Report.BoundUsed}
		r.report.Check.Bounds = append(r.report.Check.Bounds, bound)
	}
	return nil
}

// save writes the node that is wrong as a network of its own.
func (r *inference) save(verdict model.Verdict) error {
	node := verdict.Failure()
	if node == nil { // memory that was damaged, or a copy
		return nil
	}
	return r.saveCase(node.Save, "the node as a model with what it read")
}

// saveCase has something written as a case of its own, to the folder of --failure, or to a new one for what is
// temporary.
func (r *inference) saveCase(save func(folder string) error, what string) error {
	folder := r.flags.failure
	if folder == "" {
		made, err := os.MkdirTemp("", "gpuconv-failure-")
		if err == nil {
			err = save(made)
		}
		if err != nil {
			err = errors.Join(err, os.RemoveAll(made))
			fmt.Fprintf(r.app.stderr, "  alone: --failure FOLDER writes %s: %v\n", what, err)
			return nil
		}
		folder = made
	} else if err := save(folder); err != nil {
		return failure{fmt.Errorf("--failure %s: %w", folder, err)}
	}
	fmt.Fprintf(r.app.stderr, "  alone: %s\n", caseCommand(r.dev, folder))
	return nil
}

// String is one line for people.
func (c inferCheck) String() string {
	if c.Nodes == 0 {
		return "nothing to judge: all outputs follow from constants"
	}
	numbers := thousands(int64(c.Numbers))
	if c.Sample > 0 {
		numbers = fmt.Sprintf("%s of %s", numbers, thousands(int64(c.All)))
	}
	text := fmt.Sprintf("all right: %s numbers of %d nodes hold", numbers, c.Nodes)
	if c.Sample > 0 {
		text += fmt.Sprintf(", %s of each layer and all of other nodes", thousands(int64(c.Sample)))
	}
	if c.Used == 0 {
		return text + ", bit for bit"
	}
	return text + fmt.Sprintf(", the worst used %.3g%% of its bound, in %s: %s", 100*c.Used, c.Node, c.Where)
}
