package gpu

// platformTraps are those of browsers.
func platformTraps() []string {
	return []string{
		"browsers round timestamps, most to 0.1 ms: short layers are run several times a sample",
		"browsers may end the device at any time: it is opened anew with the next question",
	}
}
