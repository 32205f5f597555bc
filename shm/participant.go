package shm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/samebytes/samebytes/internal/futex"
)

// A process that maps a segment for writing takes a row of the table of participants, by locking that row's two bytes far past the
// file's end on a descriptor kept for this alone. Once it has raised the row's Generation it gives the second back: who finds one
// byte locked sees its holder alive, and who finds both, in one lock, sees the dead one that had the row before. Nobody's death
// is hidden by who comes after it, not for an instant. The lock belongs to the open file description, and the kernel ends it with
// the process, whatever ended that. So whether a participant lives is never guessed: no process id decides anything (they are
// used again, and mean nothing across namespaces), no clock and no heartbeat (a stopped process is slow, not dead).
//
// The mapping itself must not come from that descriptor: it would keep the description, and the lock, alive in a forked child.
//
// A participant is known to others by a 30-bit word, its identity: the row plus one in the low 10 bits, above it how often the
// row was taken. So whoever looked at a dead participant's identity and comes to act on it later does not take the row's
// next holder for the dead one. It takes 2^20 joins to the same row between the look and the act to be wrong.
const (
	identityRowBits        = 10
	identityRowMask        = 1<<identityRowBits - 1
	identityGenerationMask = 1<<20 - 1
)

// How many bytes of a row are locked together.
const (
	alive   = 1
	joining = 2 // who has the row has not raised its Generation yet
)

func identity(row int, generation uint32) uint32 {
	return generation&identityGenerationMask<<identityRowBits | uint32(row+1)
}

// join makes the process a participant in the mapping's segment: it takes a row, and then sweeps what its last holder may
// have left in the table of boxes.
// The errors are ErrFull when every row is taken, ErrNotExist when the segment is being collected, and ErrBroken.
func (m *mapping) join(f file) error {
	lock, err := f.reopen()
	if err != nil {
		return err
	}
	row, err := m.takeRow(lock)
	if err == nil {
		err = m.enter(lock, row)
	}
	if err != nil {
		lock.close()
	}
	return err
}

// enter makes the process known by a row that it has locked.
// The error is ErrBroken.
func (m *mapping) enter(lock file, row int) (err error) {
	defer m.notFault(&err, setFaults())
	p := m.participant(row)
	atomic.AddUint32(&p.Generation, 1) // the byte's lock makes this process its only writer
	lock.unlockBytes(rowByte(row)+1, 1)
	m.lock, m.row, m.me = lock, row, identity(row, p.Generation)
	p.PID, p.Joined = uint32(os.Getpid()), time.Now().UnixNano()
	p.Language, p.Program, p.Host = language, program, host

	if err := m.latch(context.Background()); err != nil {
		return err
	}
	m.sweep()
	m.unlatch()
	return nil
}

// takeRow locks both bytes of a row that nobody has.
func (m *mapping) takeRow(lock file) (int, error) {
	rows := int(m.content.control.Slots)
	for {
		for row := range rows {
			if locked, err := lock.lockBytes(rowByte(row), joining); locked || err != nil {
				return row, err
			}
		}
		// Who deletes a temporary segment has all bytes at once, and one more; then there is no segment to join.
		n, err := lock.lockedBytes(participantByte, 2*rows)
		if err != nil {
			return 0, err
		}
		if n == alive || n == joining {
			return 0, fmt.Errorf("%w: expected at most %d participants, found another", ErrFull, rows)
		}
		if info, err := lock.stat(); err != nil || info.links == 0 {
			return 0, fmt.Errorf("%w: it went with its last participant", ErrNotExist)
		}
		futex.Yield()
	}
}

// leave gives the row back. Whatever the process still holds in the table is then a dead participant's. A temporary segment goes
// with its last participant.
func (m *mapping) leave() {
	if m.me != 0 {
		m.sign(0) // while the row is still this process's
		if m.content.control.Flags&flagTemporary != 0 {
			m.leaveTemporary()
		}
	}
	m.lock.close()
}

// sign writes the process's id into its row, for people. Where the page is gone there is nobody to read it.
func (m *mapping) sign(pid uint32) {
	var gone error
	defer m.notFault(&gone, setFaults())
	m.participant(m.row).PID = pid
}

// dead reports whether a participant has ended. When the system cannot tell it has not: to wait longer is safe.
func (m *mapping) dead(who uint32) bool {
	row := int(who&identityRowMask) - 1
	switch {
	case who == m.me && who != 0: // 0: a reader, who holds nothing
		return false
	case row < 0, row >= int(m.content.control.Slots), row == m.row: // damaged words, and who had this process's row before
		return true
	}
	n, err := m.lock.lockedBytes(rowByte(row), 1)
	switch {
	case err != nil:
		return false
	case n == alive: // after this look at the lock: who has the row now raised Generation before
		return identity(row, atomic.LoadUint32(&m.participant(row).Generation)) != who
	case n > alive: // somebody takes the row, or deletes the segment
		return true
	}
	// A program that closed all its descriptors may have another file under the number, in which nobody locks anything.
	info, err := m.lock.stat()
	return err == nil && info.id == m.key.file
}

// What people read of this process.
var (
	language = [8]byte([]byte("go\x00\x00\x00\x00\x00\x00"))
	program  [40]byte
	host     [64]byte
)

func init() {
	setTail(program[:], filepath.Base(os.Args[0]))
	name, _ := os.Hostname() // without one the field stays empty
	setTail(host[:], name)
}

// setTail puts the end of s into b, which is where names differ.
func setTail(b []byte, s string) {
	s = strings.ToValidUTF8(s[max(0, len(s)-len(b)):], "")
	copy(b, s)
}

// Participant is a process that has a segment open for writing, or a row of its table that a dead one has left.
type Participant struct {
	Row      int       `json:"row"` // its row in the table
	PID      int       `json:"pid"` // as its own PID namespace counts
	Language string    `json:"language"`
	Program  string    `json:"program"`
	Host     string    `json:"host"`
	Joined   time.Time `json:"joined"`
	Alive    bool      `json:"alive"`
}

func describe(row int, p *participant, alive bool) Participant {
	return Participant{
		Row: row, PID: int(p.PID), Alive: alive, Joined: time.Unix(0, p.Joined),
		Language: printable(p.Language[:]), Program: printable(p.Program[:]), Host: printable(p.Host[:]),
	}
}

// printable returns the text up to the first zero byte, with "?" for whatever a terminal might obey.
func printable(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\ufffd' {
			return '?'
		}
		return r
	}, s)
}
