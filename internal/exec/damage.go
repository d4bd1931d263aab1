package exec

import (
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
)

// What follows damages sessions, so that tests can see that the damage is noticed.

// Damage has each run write value over one word of an operand, after its dispatches. Words below 0 and from the
// operand's size on are guards.
func (s *Session) Damage(operand int, word int64, value float32) error {
	from, err := s.buffer("damage", 4, gpu.Storage)
	if err != nil {
		return err
	}
	if err := from.Write(0, gpu.Bytes([]float32{value})); err != nil {
		return err
	}
	at := s.places[operand]
	s.batch.Copy(at.buffer, uint64(int64(at.offset)+4*word), from, 0, 4)
	return nil
}

// Extent is how many words an operand takes, and how many guard words stand on each side.
func (s *Session) Extent(operand int) (words, guards int64) {
	return int64(s.plan.Operands[operand].Bytes() / 4), int64(s.places[operand].guard / 4)
}

// LeaveOut has runs dispatch nothing.
func (s *Session) LeaveOut() { s.batch = s.dev.NewBatch() }

// Swap has the host take two operands of one size for each other, while kernels do not.
func (s *Session) Swap(a, b int) error {
	if s.plan.Operands[a].Bytes() != s.plan.Operands[b].Bytes() {
		return fmt.Errorf(
			"%w: %s and %s differ in size",
			gpu.ErrMisuse,
			s.plan.Operands[a].Name,
			s.plan.Operands[b].Name,
		)
	}
	s.places[a], s.places[b] = s.places[b], s.places[a]
	s.places[a].digest, s.places[b].digest = s.places[b].digest, s.places[a].digest
	for _, i := range []int{a, b} {
		if s.plan.Operands[i].Role != Constant {
			continue
		}
		words, err := s.plan.Operands[i].Fill()
		if err != nil {
			return err
		}
		if err := s.Write(i, words); err != nil {
			return err
		}
	}
	return nil
}
