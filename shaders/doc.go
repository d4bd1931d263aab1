// Package shaders holds the project's WGSL and the table of its variants. A variant is a value of a
// small struct, which is the data of the shader's template and the key of caches at once; the text of
// every row of the table stands in testdata as a golden file. Each shader names its CPU twin in package
// cpuref.
package shaders
