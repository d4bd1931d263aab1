// Package bench measures convolution layers and compares measurements: suites of layers, warm and cold
// samples taken in rounds, with statistics, a device's own ceilings beside them, and reports as tables, JSON, CSV,
// Markdown and HTML.
// What is measured comes through [Runner] and [Opener]; [Device] is the one for package host's layers.
// Every result carries its verdict from the check against the reference.
package bench
