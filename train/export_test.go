package train

import (
	"context"
	"fmt"
)

func (n *Network) Profile() {
	times, err := n.session.Times(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	for i, s := range n.plan.Steps {
		fmt.Println(s.Kernel.Name(), s.Workgroups, times[i])
	}
}
