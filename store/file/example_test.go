//go:build linux || darwin

package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cachewright/cachewright/store/file"
)

func Example() {
	tmp, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(tmp)

	s, err := file.Open(filepath.Join(tmp, "cache"), file.Options{MaxBytes: 64 << 20})
	if err != nil {
		panic(err)
	}
	defer s.Close()

	ctx := context.Background()
	if err := s.Set(ctx, "greeting", []byte("hello"), time.Hour); err != nil {
		panic(err)
	}
	value, found, err := s.Get(ctx, "greeting") // in this process or in another one
	fmt.Println(string(value), found, err)
	// Output: hello true <nil>
}
