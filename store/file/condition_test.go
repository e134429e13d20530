//go:build linux || darwin

package file_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store/file"
)

func TestConditionSaysHowTheStoreIsDoing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{MaxBytes: 1 << 20, MaxEntries: 100})
	for i := range 10 {
		set(t, s, strconv.Itoa(i), "v")
		age(t, dir, strconv.Itoa(i), time.Duration(i)*time.Hour)
	}
	oldest, err := os.Stat(file.Path(dir, "9"))
	noError(t, err)
	got, err := s.Condition(t.Context())
	noError(t, err)
	if got.Free <= 0 {
		t.Errorf("free disk: got %d bytes, want some", got.Free)
	}
	got.Free = 0
	expected := file.Condition{
		Entries: 10, Bytes: 10 * 4096, MaxEntries: 100, MaxBytes: 1 << 20, Oldest: oldest.ModTime(),
		Folders: 16, FoldersWanted: 16,
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("condition (-want +got):\n%s", diff)
	}
}

func TestConditionOfAStoreWithoutADirectory(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "later"), file.Options{Lazy: true})
	got, err := s.Condition(t.Context())
	noError(t, err)
	if diff := cmp.Diff(file.Condition{MaxBytes: 256 << 20, Folders: 256, FoldersWanted: 256}, got); diff != "" {
		t.Errorf("condition (-want +got):\n%s", diff)
	}
}

func TestConditionTellsOfALayoutForOtherBounds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small := open(t, dir, file.Options{MaxEntries: 100})
	set(t, small, "k", "v")
	large := open(t, dir, file.Options{MaxBytes: 64 << 30})
	got, err := large.Condition(t.Context())
	noError(t, err)
	want(t, "folders", got.Folders, 16)
	want(t, "folders wanted", got.FoldersWanted, 4096)
}
