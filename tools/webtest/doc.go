// Package webtest holds gpuconv's page, and its shaders, against Chromium without a window.
package webtest
