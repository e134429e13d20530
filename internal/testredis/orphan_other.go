//go:build unix && !linux

package testredis

import "os/exec"

// dieWithParent does nothing where the kernel cannot do it: a test binary that is killed leaves its
// servers behind.
func dieWithParent(*exec.Cmd) {}
