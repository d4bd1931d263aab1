// Package split cuts a layer that is too large for a device into blocks, each a smaller layer, and says where the
// blocks' volumes and filters stand in the whole. It computes nothing and opens no device.
package split
