package file

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cachewright/cachewright/store"
)

// sweeper removes what is dead and sets counts right, one folder after another. Whose turn it is
// stands in the file of the counts: the process that finds a folder due takes it, under the directory
// lock, and says when the next one is due. So the work of one round is shared by whatever processes
// there are, also by those that live for a moment each.
type sweeper struct {
	cancel context.CancelFunc
	turn   chan struct{} // closed when the first turn is over
	done   chan struct{} // closed when the goroutine has ended
}

// start begins to sweep until stop.
func (w *sweeper) start(s *Store) {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel, w.turn, w.done = cancel, make(chan struct{}), make(chan struct{})
	if s.options.SweepEvery < 0 {
		close(w.turn)
		close(w.done)
		return
	}
	go w.run(ctx, s)
}

func (w *sweeper) run(ctx context.Context, s *Store) {
	defer close(w.done)
	step := max(s.options.SweepEvery/folders, time.Millisecond)
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	s.sweepTurn(ctx, step)
	close(w.turn)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.sweepTurn(ctx, step)
		}
	}
}

// finishTurn waits for the first turn.
func (w *sweeper) finishTurn() {
	<-w.turn
}

// stop ends the goroutine and waits for it.
func (w *sweeper) stop() {
	w.cancel()
	<-w.done
}

// sweepTurn sweeps the folder that is due, if any.
func (s *Store) sweepTurn(ctx context.Context, step time.Duration) {
	d, err := s.acquire(ctx, false)
	if err == nil && d != nil {
		err = d.sweepNext(ctx, time.Now(), step)
		if errors.Is(err, errGone) {
			s.abandon(d)
			return
		}
		s.release(d)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
		s.options.Trouble(err)
	}
}

func (d *dir) sweepNext(ctx context.Context, now time.Time, step time.Duration) error {
	folder, due, err := d.takeTurn(ctx, now, step)
	if !due || err != nil {
		return err
	}
	return d.sweep(ctx, folder)
}

// takeTurn claims the folder that is due.
func (d *dir) takeTurn(ctx context.Context, now time.Time, step time.Duration) (folder byte, due bool, err error) {
	if err := d.lock(ctx, dirLock); err != nil {
		return 0, false, err
	}
	defer d.unlock(dirLock)
	fd, err := d.countsFile()
	if err != nil {
		return 0, false, err
	}
	var turn [turnBytes]byte
	if err := readAt(fd, turn[:], turnOffset); err != nil {
		return 0, false, d.countsError("read", err)
	}
	next := time.Unix(0, int64(binary.LittleEndian.Uint64(turn[:])))
	folder = turn[8]
	// A turn that lies further ahead than a step comes from a clock that was wrong.
	if wait := next.Sub(now); wait > 0 && wait <= step {
		return 0, false, nil
	}
	binary.LittleEndian.PutUint64(turn[:], uint64(now.Add(step).UnixNano()))
	turn[8] = folder + 1
	if err := writeAt(fd, turn[:], turnOffset); err != nil {
		return 0, false, d.countsError("write", err)
	}
	return folder, true, nil
}

// sweep removes the dead entries of a folder and counts the others.
func (d *dir) sweep(ctx context.Context, folder byte) error {
	paths, err := d.list(folder)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, found, err := d.survey(path)
		if err != nil {
			return err
		}
		if !found || !c.dead {
			continue
		}
		if _, err := d.removeCandidate(ctx, c); err != nil {
			return err
		}
	}
	shard := shardOf(folder)
	if err := d.lock(ctx, shard); err != nil {
		return err
	}
	defer d.unlock(shard)
	return d.recount(folder)
}

// correct counts a folder again unless its count has changed since it was found wrong.
func (d *dir) correct(ctx context.Context, folder byte, wrong tally) (changed bool, err error) {
	shard := shardOf(folder)
	if err := d.lock(ctx, shard); err != nil {
		return false, err
	}
	defer d.unlock(shard)
	before, known, err := d.count(folder)
	if err != nil || !known || before != wrong {
		return false, err
	}
	if err := d.recount(folder); err != nil {
		return false, err
	}
	after, _, err := d.count(folder)
	return after != before, err
}
