package train

import "context"

type judge struct{}

func newJudge(*Network) (*judge, error) { return nil, nil }

func (*judge) step(context.Context, *Network, []float32, []int, []float32) error { return nil }
