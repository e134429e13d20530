package file

import (
	"sync"
	"time"
)

// room is what this process may add to a store before it reads the counts again. With a few hundred
// folders the counts are read for every entry that is added; with thousands that would cost as much as
// the entry. So a share of what is free is taken at once: the processes, up to roomShares of them, exceed
// the bound together no more than if each of them had asked, and the share of one that has waited with it
// expires.
type room struct {
	mu    sync.Mutex // guards the fields below
	left  tally
	until time.Time
}

const (
	roomShares  = 64
	roomTime    = 100 * time.Millisecond
	roomFolders = 256 // from more folders on
)

// take takes growth out of the room, if there is as much.
func (r *room) take(growth tally, now time.Time) (taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !growth.within(r.left) || !now.Before(r.until) {
		return false
	}
	r.left = r.left.minus(growth)
	return true
}

// renew sets the room by what is free at now.
func (r *room) renew(free tally, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = tally{free.entries / roomShares, free.blocks / roomShares}
	r.until = now.Add(roomTime)
}

// noRoomError says that a write would grow the store beyond its bound.
type noRoomError struct {
	growth tally
}

func (*noRoomError) Error() string { return "no room" }

// claim returns a noRoomError if the store must not grow by so much.
func (p *place) claim(growth tally) error {
	if p.force || growth.within(tally{}) || p.d.room.take(growth, p.now) {
		return nil
	}
	total, err := p.d.total()
	if err != nil {
		return err
	}
	free := p.d.options.bound().minus(total.plus(growth))
	if !(tally{}).within(free) {
		return &noRoomError{growth}
	}
	if p.d.layout.folders() > roomFolders {
		p.d.room.renew(free, p.now)
	}
	return nil
}
