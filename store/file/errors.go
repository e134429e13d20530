package file

import (
	"errors"
	"fmt"

	"github.com/cachewright/cachewright/store"
)

var (
	// ErrForeign is returned when a directory holds files but not the marker of this store: it belongs
	// to somebody else, and nothing in it is touched.
	ErrForeign = errors.New("directory is not empty and not a cache of ours")

	// ErrInsecure is returned when a directory belongs to another user or others can write to it: what
	// they put there would be served as cached values.
	ErrInsecure = errors.New("directory can be changed by other users")

	// ErrFileSystem is returned for a directory on a file system whose flock cannot be trusted (see
	// [Options.AnyFileSystem]).
	ErrFileSystem = errors.New("file locks cannot be trusted on this file system")

	// ErrTooLarge is returned when an entry alone is larger than [Options.MaxBytes]. The store is
	// unchanged then.
	ErrTooLarge = errors.New("entry is larger than the whole store may be")

	// errGone says that files of the store were deleted while it had them open. The operation is done
	// again on the directory that is at the path now.
	errGone = errors.New("directory was removed or replaced")
)

// unavailable is the failure of op at path. Its cause can be asked for with errors.Is.
func unavailable(op, path string, cause error) error {
	return fmt.Errorf("file store: %s %s: %w: %w", op, path, store.ErrUnavailable, cause)
}
