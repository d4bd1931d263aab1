package host

// By are the options of a layer that is measured by one algorithm.
func By(o LayerOptions, algorithm string) LayerOptions { return o.by(algorithm) }
