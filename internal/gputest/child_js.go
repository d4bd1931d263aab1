package gputest

import "testing"

// InChild is true at once: a page can begin no process, and is one itself that a compiler of shaders cannot end.
func InChild(*testing.T, ...string) bool { return true }
