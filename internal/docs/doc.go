// Package docs holds the documents against the code. It has tests alone, and imports nothing of ours.
package docs
