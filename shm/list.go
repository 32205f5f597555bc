package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/samebytes/samebytes/ndarray"
)

// Info describes a segment as its file did when looked at.
type Info struct {
	Name    string
	DType   ndarray.DType
	Descr   string // the .npy header's words for elements that have no dtype in Go; then DType is none
	Shape   []int
	Fortran bool        // the elements are in Fortran order
	NBytes  int         // of all elements; 0 where a plain file's have no dtype
	Size    int         // bytes of the file
	Mode    fs.FileMode // permission bits
	Plain   bool        // a .npy file without a control block: what follows is zero
	ID      [16]byte
	Created time.Time
	Version uint64 // times published

	Kind         string // what it is for: "array", "mutex", ...
	Temporary    bool   // goes with its last participant
	Slots        int    // how many may participate
	Participants []Participant
	Locks        []Lock
	Stream       *StreamStats // of a stream
}

// Lock is a box that somebody holds, waits for, or died with.
type Lock struct {
	Box   Box    `json:"box"`
	State string `json:"state"` // "shared", "exclusive", "waiting for shared", "waiting for exclusive" or "damaged"
	Row   int    `json:"row"`   // of the participant
	Alive bool   `json:"alive"` // whether that participant lives
}

// Delete takes the name away. Who has the segment mapped goes on with it; the memory is free when the last has closed it.
// The errors are ErrBadName, ErrNotExist and ErrAccess.
func Delete(name string) error {
	file, err := path(name)
	if err != nil {
		return fmt.Errorf("shm: delete: %w", err)
	}
	if err := unlink(file); err != nil {
		return fmt.Errorf("shm: delete %q: %w", name, withNearNames(err, name))
	}
	coolDeleted()
	return nil
}

// Stat describes the segment of that name without mapping it.
// The errors are those of [Attach], but for the ones that only a given type meets.
func Stat(name string) (Info, error) {
	file, err := path(name)
	if err != nil {
		return Info{}, fmt.Errorf("shm: stat: %w", err)
	}
	info, err := stat(name, file)
	if err != nil {
		return Info{}, fmt.Errorf("shm: stat %q: %w", name, withNearNames(err, name))
	}
	return info, nil
}

// List describes the arrays in the directory of segments, in the order of their names: segments and plain .npy files, also
// those whose elements have no dtype. Other files, and arrays that go meanwhile, are left out.
// The errors are ErrNotExist and ErrAccess, of the directory, and ErrUnsupported.
func List() ([]Info, error) {
	all, err := names()
	if err != nil {
		return nil, fmt.Errorf("shm: list: %w", err)
	}
	var infos []Info
	for _, name := range all {
		// Errors are left: what is no array is not listed.
		if info, err := Stat(name); err == nil {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

func stat(name, path string) (Info, error) {
	f, fi, err := open(path, true, attachment{trust: true})
	if err != nil {
		return Info{}, err
	}
	defer f.close()
	c, _, err := f.read(fi.size)
	h := c.header
	if err != nil && h.Descr == "" {
		return Info{}, err
	}
	info := Info{
		Name: name, DType: h.DType, Descr: h.Descr, Shape: h.Shape, Fortran: h.Fortran, NBytes: c.nbytes,
		Size: fi.size, Mode: fs.FileMode(fi.mode), Plain: c.controlOffset == 0,
	}
	if info.Plain {
		return info, nil
	}
	info.ID, info.Created, info.Version = c.control.ID, time.Unix(0, c.control.Created), c.control.Published
	info.Kind, info.Temporary = kind(c.control.Kind).String(), c.control.Flags&flagTemporary != 0
	return info, f.readTables(fi.id, c, &info)
}

// readTables adds what the tables say of participants and locks, while they may be changing.
func (f file) readTables(id fileID, c content, info *Info) error {
	// A mapping that is a copy, of the tables alone.
	m := mapping{bytes: make([]byte, int(c.control.BlockSize)), content: content{control: c.control}, row: noRow, lock: f, key: mappingKey{file: id}}
	m.setTables()
	if err := f.readAt(m.bytes, c.controlOffset); err != nil {
		return err
	}
	info.Slots = int(c.control.Slots)
	for row := range info.Slots {
		n, err := f.lockedBytes(rowByte(row), 1)
		if err != nil {
			return err
		}
		if p := m.participant(row); n == alive || p.PID != 0 {
			info.Participants = append(info.Participants, describe(row, p, n == alive))
		}
	}
	for row := range m.used() {
		b, spans := m.box(row)
		if who, s := ownerParts(b.Owner); s != free && s <= damaged {
			info.Locks = append(info.Locks, Lock{boxOf(spans, info.Shape), s.String(), int(who&identityRowMask) - 1, !m.dead(who)})
		}
	}
	if kind(c.control.Kind) == kindStream {
		stats := m.streamStats()
		info.Stream = &stats
	}
	return nil
}

// withNearNames adds to an ErrNotExist the names that were likely meant.
func withNearNames(err error, name string) error {
	if !errors.Is(err, ErrNotExist) {
		return err
	}
	if near := nearNames(name); len(near) > 0 {
		return fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, ", "))
	}
	return err
}
