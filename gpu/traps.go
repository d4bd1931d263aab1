package gpu

import (
	"slices"
	"strings"
)

// KnownTraps lists, in sentences for people, what is known to go wrong below this package on this platform and these
// adapters, and what is done about it.
func KnownTraps(adapters []AdapterInfo) []string {
	list := platformTraps()
	has := func(name string) bool {
		return slices.ContainsFunc(adapters, func(a AdapterInfo) bool {
			return strings.Contains(strings.ToLower(a.Name), name)
		})
	}
	if has("llvmpipe") {
		list = append(list, "llvmpipe silently ends a thread's loops after 65,535 rounds: layers of millions of "+
			"products an output come out wrong there, and the check says so")
	}
	if has("swiftshader") {
		list = append(list, "SwiftShader compiles on one core, some kernels for minutes")
	}
	return list
}
