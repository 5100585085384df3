package storetest

import (
	"runtime/debug"
	"slices"
)

// Race reports whether the test was built with the race detector, under which
// everything takes many times as long and as much memory.
func Race() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
