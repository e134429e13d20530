package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// diskRoles are the roles that mount a disk.
var diskRoles = map[string]func(dir string) error{
	"fulldisk": fullDisk,
	"readonly": readOnlyDisk,
}

// runOnDisk runs a role in a mount name space of its own, where it can mount a small disk over dir.
func runOnDisk(t *testing.T, role string) {
	t.Helper()
	cmd := process(t, role, t.TempDir())
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Geteuid(); uid != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// mountDisk mounts a disk of 1 MiB over dir, for this process only.
func mountDisk(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		return fmt.Errorf("mount a small disk: %w", err)
	}
	return nil
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	runOnDisk(t, "fulldisk")
}

func fullDisk(dir string) error {
	if err := mountDisk(dir); err != nil {
		return err
	}
	ctx, path := context.Background(), filepath.Join(dir, "cache")
	s, err := file.Open(path, file.Options{SweepEvery: -1})
	if err != nil {
		return err
	}
	if err := s.Set(ctx, "old", []byte("kept"), time.Hour); err != nil {
		return err
	}
	block := bytes.Repeat([]byte("x"), 4000)
	var last int
	for i := 0; err == nil; i++ {
		last, err = i, s.Set(ctx, strconv.Itoa(i), block, time.Hour)
	}
	if err := expect("set on a full disk", err, syscall.ENOSPC); err != nil {
		return err
	}
	many := s.SetMany(ctx, []store.Item{{Key: "m", Value: block}, {Key: "old", Value: []byte("same")}}, time.Hour)
	failed := store.KeyErrors{}
	if !errors.As(many, &failed) || len(failed) != 1 || failed["m"] == nil {
		return fmt.Errorf("%w: set of two: got %v, want an error for one", errWant, many)
	}
	// In place there is room, beyond the end there is none: then the old value stays.
	err = errors.Join(
		holds(s, "old", "same"),
		expect("set of a longer value", s.Set(ctx, "old", bytes.Repeat(block, 3), time.Hour), syscall.ENOSPC),
		holds(s, "old", "same"),
		holds(s, "0", string(block)),
		expect("set of a new key", s.Set(ctx, "more", block, time.Hour), syscall.ENOSPC),
		expect("open of another store", openErr(filepath.Join(dir, "other")), syscall.ENOSPC),
		file.Check(s),
	)
	if err != nil {
		return err
	}
	if _, found, err := s.Get(ctx, strconv.Itoa(last)); found || err != nil {
		return fmt.Errorf("%w: the entry that did not fit: found %v, error %v", errWant, found, err)
	}
	if removed, err := s.Delete(ctx, "0", "1", "2", "3", "4"); removed != 5 || err != nil {
		return fmt.Errorf("%w: delete: removed %d, error %v", errWant, removed, err)
	}
	return errors.Join(
		s.Set(ctx, "old", bytes.Repeat(block, 3), time.Hour),
		holds(s, "old", string(bytes.Repeat(block, 3))),
		file.Usable(filepath.Join(dir, "other"), true),
		file.Check(s),
		s.Close(),
	)
}

func TestDiskThatTurnsReadOnly(t *testing.T) {
	t.Parallel()
	runOnDisk(t, "readonly")
}

func readOnlyDisk(dir string) error {
	if err := mountDisk(dir); err != nil {
		return err
	}
	remount := func(flags uintptr) error {
		return syscall.Mount("tmpfs", dir, "", syscall.MS_REMOUNT|flags, "size=1m,mode=0700")
	}
	ctx, path := context.Background(), filepath.Join(dir, "cache")
	s, err := file.Open(path, file.Options{SweepEvery: -1})
	if err != nil {
		return err
	}
	if err := s.Set(ctx, "k", []byte("1"), time.Hour); err != nil {
		return err
	}
	err = errors.Join(
		s.Set(ctx, "torn", []byte("this is lost"), time.Hour),
		os.Truncate(file.Path(path, "torn"), 40),
		s.Close(),
		remount(syscall.MS_RDONLY),
	)
	if err != nil {
		return err
	}

	told := make(chan error, 1)
	s, err = file.Open(path, file.Options{Trouble: func(err error) {
		select {
		case told <- err:
		default:
		}
	}})
	if err != nil {
		return fmt.Errorf("open on a read-only disk: %w", err)
	}
	_, touchErr := s.Touch(ctx, "k", time.Hour)
	if _, found, err := s.Get(ctx, "torn"); found || err != nil {
		return fmt.Errorf("%w: a torn record: found %v, error %v", errWant, found, err)
	}
	err = errors.Join(
		holds(s, "k", "1"),
		expect("sweep", <-told, syscall.EROFS),
		expect("set", s.Set(ctx, "k", []byte("2"), time.Hour), syscall.EROFS),
		expect("touch", touchErr, syscall.EROFS),
		expect("usable", file.Usable(path, false), syscall.EROFS),
		expect("usable elsewhere", file.Usable(filepath.Join(dir, "a", "b"), false), syscall.EROFS),
		expect("usable, to be made", file.Usable(filepath.Join(dir, "a", "b"), true), syscall.EROFS),
		scanErr(s),
		remount(0),
		s.Set(ctx, "k", []byte("2"), time.Hour),
		holds(s, "k", "2"),
		file.SweepAll(s),
		file.Check(s),
	)
	return errors.Join(err, s.Close())
}
