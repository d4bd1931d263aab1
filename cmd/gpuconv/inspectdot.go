package main

import (
	"fmt"
	"io"
	"strings"
)

// dotNames quotes what a graph of Graphviz shows.
var dotNames = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", "")

// dot draws the network in the language of Graphviz: nodes as boxes, inputs and outputs as ellipses, and an edge with
// its shape for each value that is read. What the file holds is left out.
func (r inspectReport) dot(w io.Writer) {
	fmt.Fprintf(w, "digraph \"%s\" {\n\tnode [shape=box]\n", dotNames.Replace(r.Graph))
	from := map[string]string{} // where a value comes from
	for i, in := range r.Inputs {
		from[in.Name] = fmt.Sprintf("in%d", i)
		fmt.Fprintf(w, "\tin%d [shape=ellipse label=\"%s\"]\n", i, dotNames.Replace(in.Name))
	}
	edge := func(v inspectValue, to string) {
		if from[v.Name] != "" {
			fmt.Fprintf(w, "\t%s -> %s [label=\"%s\"]\n", from[v.Name], to, dotNames.Replace(v.Shape.String()))
		}
	}
	for _, n := range r.Nodes {
		name := fmt.Sprintf("n%d", n.Index)
		label := n.Op
		if n.Name != "" {
			label += "\n" + n.Name
		}
		fmt.Fprintf(w, "\t%s [label=\"%s\"]\n", name, dotNames.Replace(label))
		for _, v := range n.Inputs {
			edge(v, name)
		}
		for _, v := range n.Outputs {
			from[v.Name] = name
		}
	}
	for i, out := range r.Outputs {
		fmt.Fprintf(w, "\tout%d [shape=ellipse label=\"%s\"]\n", i, dotNames.Replace(out.Name))
		edge(out.inspectValue, fmt.Sprintf("out%d", i))
	}
	fmt.Fprintln(w, "}")
}
