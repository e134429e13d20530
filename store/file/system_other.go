//go:build !linux && !darwin

package file

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// The store needs flock and paths relative to an open directory. Where they are missing it compiles,
// so that programs which use other stores do, and Open says that it cannot work here.

func unsupported() error {
	return fmt.Errorf("files on %s: %w; use the memory store or Redis", runtime.GOOS, errors.ErrUnsupported)
}

func openDirectory(string) (int, error)            { return noFD, unsupported() }
func openAt(int, string, int) (int, error)         { return noFD, unsupported() }
func closeFD(int)                                  {}
func makeDirectory(int, string) error              { return unsupported() }
func unlink(int, string) error                     { return unsupported() }
func infoOf(int) (info, error)                     { return info{}, unsupported() }
func infoAt(int, string) (info, error)             { return info{}, unsupported() }
func infoOfPath(string) (info, error)              { return info{}, unsupported() }
func setUsed(int, string, int64) error             { return unsupported() }
func readAt(int, []byte, int64) error              { return unsupported() }
func writeAt(int, []byte, int64) error             { return unsupported() }
func syncFile(int) error                           { return unsupported() }
func truncate(int, int64) error                    { return unsupported() }
func tryFlock(int) (bool, error)                   { return false, unsupported() }
func unflock(int)                                  {}
func writable(string) error                        { return unsupported() }
func directory(int, string) (*os.File, error)      { return nil, unsupported() }
func fileSystem(int) (untrusted string, err error) { return "", unsupported() }
func freeSpace(int) (int64, error)                 { return 0, unsupported() }
