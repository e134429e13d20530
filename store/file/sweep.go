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
	timer := time.NewTimer(s.sweepTurn(ctx))
	defer timer.Stop()
	close(w.turn)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(s.sweepTurn(ctx))
		}
	}
}

// step is the time between two turns.
func (o Options) step(l layout) time.Duration {
	return max(o.SweepEvery/time.Duration(l.folders()), time.Millisecond)
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

// sweepTurn sweeps the folder that is due, if any, and returns in what time to ask for the next one.
func (s *Store) sweepTurn(ctx context.Context) (next time.Duration) {
	next = s.options.step(s.options.layout())
	d, err := s.acquire(ctx, false)
	if err == nil && d != nil {
		next = s.options.step(d.layout)
		err = d.sweepNext(ctx, time.Now(), next)
		if errors.Is(err, errGone) {
			s.abandon(d)
			return next
		}
		s.release(d)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
		s.options.Trouble(err)
	}
	return next
}

func (d *dir) sweepNext(ctx context.Context, now time.Time, step time.Duration) error {
	folder, due, err := d.takeTurn(ctx, now, step)
	if !due || err != nil {
		return err
	}
	return d.sweep(ctx, folder)
}

// takeTurn claims the folder that is due.
func (d *dir) takeTurn(ctx context.Context, now time.Time, step time.Duration) (folder int, due bool, err error) {
	if err := d.lock(ctx, dirLock); err != nil {
		return 0, false, err
	}
	defer d.unlock(dirLock)
	fd, err := d.countsFile()
	if err != nil {
		return 0, false, err
	}
	var turn [turnBytes]byte
	if err := readAt(fd, turn[:], d.turnOffset()); err != nil {
		return 0, false, d.countsError("read", err)
	}
	next := time.Unix(0, int64(binary.LittleEndian.Uint64(turn[:])))
	folder = int(binary.LittleEndian.Uint16(turn[8:])) % d.layout.folders()
	// A turn that lies further ahead than a step comes from a clock that was wrong.
	if wait := next.Sub(now); wait > 0 && wait <= step {
		return 0, false, nil
	}
	binary.LittleEndian.PutUint64(turn[:], uint64(now.Add(step).UnixNano()))
	binary.LittleEndian.PutUint16(turn[8:], uint16((folder+1)%d.layout.folders()))
	if err := writeAt(fd, turn[:], d.turnOffset()); err != nil {
		return 0, false, d.countsError("write", err)
	}
	return folder, true, nil
}

// sweep removes the dead entries of a folder and counts the others.
func (d *dir) sweep(ctx context.Context, folder int) error {
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
func (d *dir) correct(ctx context.Context, folder int, wrong tally) (changed bool, err error) {
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
